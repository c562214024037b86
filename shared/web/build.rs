//! Compiles the crates `browser` and `drawing` to the modules that pages load: what reads codes, and what draws them.
//! Without Rust's target for WebAssembly nothing is embedded, a warning says what to install, and the pages say what
//! does not work; the build never fails here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

const TARGET: &str = "wasm32-unknown-unknown";
/// The modules.
const MODULES: [&str; 2] = ["browser.wasm", "drawing.wasm"];
/// What the outer build tells its own compilers, and what must not reach ours: its wrappers, flags, folders and pipes.
const OF_THE_OUTER_BUILD: [&str; 9] = [
    "CARGO_",
    "RUSTC",
    "RUSTFLAGS",
    "RUSTDOC",
    "CLIPPY_",
    "MAKEFLAGS",
    "MFLAGS",
    "DEP_",
    "LD_LIBRARY_PATH",
];
/// What of it is the machine's and not the build's.
const OF_THE_MACHINE: [&str; 4] = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR"];

fn main() {
    let variable = |name: &str| PathBuf::from(env::var_os(name).unwrap_or_default());
    let root = variable("CARGO_MANIFEST_DIR").join("../..");
    let out = variable("OUT_DIR");
    for path in sources(&root) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let modules = if target_is_installed(&variable("RUSTC")) {
        compiled(&root, &variable("CARGO"), &out)
    } else {
        let left_out = "scanning with the camera and codes without a network are left out";
        Err(format!("{left_out}; for them: rustup target add {TARGET}"))
    };
    let modules = modules.unwrap_or_else(|reason| {
        println!("cargo::warning={reason}");
        MODULES.map(|_| Vec::new())
    });
    for (name, bytes) in MODULES.iter().zip(modules) {
        if let Err(error) = fs::write(out.join(name), bytes) {
            println!("cargo::error=the module {name} for pages cannot be written: {error}");
        }
    }
}

fn target_is_installed(rustc: &Path) -> bool {
    let asked = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let folder = asked.map(|asked| String::from_utf8_lossy(&asked.stdout).trim().to_owned());
    folder.is_ok_and(|folder| !folder.is_empty() && Path::new(&folder).exists())
}

/// The modules' bytes. The registry is asked only for what is not here yet.
fn compiled(root: &Path, cargo: &Path, out: &Path) -> Result<[Vec<u8>; 2], String> {
    let folder = out.join("wasm");
    let build = |offline: &[&str]| {
        let mut command = Command::new(cargo);
        for (name, _) in env::vars_os() {
            let starts = |prefix: &&str| name.to_string_lossy().starts_with(prefix);
            if OF_THE_OUTER_BUILD.iter().any(&starts) && !OF_THE_MACHINE.iter().any(&starts) {
                command.env_remove(&name);
            }
        }
        let arguments = [
            "build",
            "--quiet",
            "--locked",
            "--package",
            "tessera-browser",
            "--package",
            "tessera-drawing",
            "--lib",
            "--profile",
            "wasm",
        ];
        command
            .args(arguments)
            .args(["--target", TARGET, "--target-dir"])
            .arg(&folder)
            .args(offline);
        // Set, though empty, so that flags for the host in a person's own configuration are left out.
        command.env("CARGO_ENCODED_RUSTFLAGS", "").stdin(Stdio::null()).current_dir(root).output()
    };
    let mut built = build(&["--offline"]);
    if !built.as_ref().is_ok_and(|built| built.status.success()) {
        built = build(&[]);
    }
    let built = built.map_err(|error| format!("cargo does not start for {TARGET}: {error}"))?;
    if !built.status.success() {
        let told = String::from_utf8_lossy(&built.stderr).replace('\n', " ");
        return Err(format!("what runs in browsers is left out: {}", told.trim()));
    }
    let built = folder.join(TARGET).join("wasm");
    let [reader, drawing] = MODULES.map(|name| {
        fs::read(built.join(name)).map_err(|error| format!("the module {name} is missing: {error}"))
    });
    Ok([reader?, drawing?])
}

/// What the modules are made of: their crates, the manifests, the encoder, and of the domain what the verifier and
/// signed codes use, directly or not. The rest of the domain changes daily, and the modules would be linked anew each
/// time.
fn sources(root: &Path) -> BTreeSet<PathBuf> {
    let files = [
        "Cargo.toml",
        "Cargo.lock",
        "browser",
        "drawing",
        "shared/domain/Cargo.toml",
        "shared/qr/Cargo.toml",
        "shared/qr/src/lib.rs",
        "shared/qr/src/segments.rs",
        "shared/qr/src/symbol.rs",
        "shared/web/build.rs",
    ];
    let mut found: BTreeSet<PathBuf> = files.iter().map(|file| root.join(file)).collect();
    let domain = root.join("shared/domain/src");
    let mut open = ["voucher_token", "loyalty_token"].map(str::to_owned).to_vec();
    let mut seen = BTreeSet::new();
    while let Some(module) = open.pop() {
        if !seen.insert(module.clone()) {
            continue;
        }
        let mut texts = vec![domain.join(format!("{module}.rs"))];
        texts.extend(below(&domain.join(&module)));
        for path in texts.into_iter().filter(|path| path.exists()) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            open.extend(text.split("crate::").skip(1).map(first_word));
            found.insert(path);
        }
    }
    found
}

/// The files of a module's folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
}
