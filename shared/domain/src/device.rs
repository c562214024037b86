//! What a visitor came with, read from the User-Agent text (P17), and whether it is a person at all.
//!
//! Deliberately absent: versions, models, a device database. A few substrings decide; a wrong guess costs one count.
//! An iPad that asks for desktop pages (the default since iPadOS 13) calls itself a Macintosh and counts as one.

/// Declares an enum whose variants are words: in JSON, in the schema and in counter keys.
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident {
        $($(#[$each:meta])* $variant:ident = $text:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        // Not `rename` on each: the schema does not see a word that comes through a macro.
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$each])* $variant,)+ }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word that stands for it everywhere.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

/// Longest User-Agent that is looked at, in bytes; the rest says nothing new.
pub const USER_AGENT_MAX_BYTES: usize = 512;

/// What a scan was made with (P14, P17).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct Device {
    /// The size of the thing.
    pub kind: DeviceKind,
    /// The operating system.
    pub os: Os,
    /// The browser, or the app around it.
    pub browser: Browser,
}

words! {
    /// The size of a device.
    pub enum DeviceKind {
        /// A phone.
        Mobile = "mobile",
        /// A tablet or an e-reader.
        Tablet = "tablet",
        /// A computer.
        Desktop = "desktop",
        /// A television, a console, or unknown.
        Other = "other",
    }
}

words! {
    /// An operating system.
    pub enum Os {
        /// iPhone, iPod, iPad.
        Ios = "ios",
        /// Android and Fire OS.
        Android = "android",
        /// Windows, phones included.
        Windows = "windows",
        /// Macs, and iPads that ask for desktop pages.
        Macos = "macos",
        /// Linux and ChromeOS.
        Linux = "linux",
        /// KaiOS, HarmonyOS, feature phones, unknown.
        Other = "other",
    }
}

words! {
    /// A browser family.
    pub enum Browser {
        /// Chrome, and what cannot be told from it (Brave, Vivaldi).
        Chrome = "chrome",
        /// Safari.
        Safari = "safari",
        /// Firefox.
        Firefox = "firefox",
        /// Edge, old and new.
        Edge = "edge",
        /// Opera, Opera Mini, Opera Touch.
        Opera = "opera",
        /// Samsung Internet.
        Samsung = "samsung",
        /// UC Browser.
        Uc = "uc",
        /// A page opened inside another app (Facebook, Instagram, WeChat, a QR reader's web view …).
        InApp = "in_app",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// Who reads a code. Only [`VisitClass::Person`] counts as a scan (X24).
    pub enum VisitClass {
        /// A browser that shows the page to somebody.
        Person = "person",
        /// A crawler, a monitor, a tool, or nobody who says a name.
        Bot = "bot",
        /// A link preview or a prefetch: fetched before anybody asked for it.
        Preview = "preview",
        /// A HEAD request.
        Head = "head",
    }
}

/// The parts of a request that tell people from machines. Absent headers are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visit<'a> {
    /// Whether the method is HEAD.
    pub is_head: bool,
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// `Sec-Purpose`: Chromium's and Firefox's prefetch and prerender.
    pub sec_purpose: Option<&'a str>,
    /// `Purpose`: older Chromium and Safari.
    pub purpose: Option<&'a str>,
    /// `X-Purpose`: Safari's top sites.
    pub x_purpose: Option<&'a str>,
    /// `X-Moz`: older Firefox.
    pub x_moz: Option<&'a str>,
}

impl Visit<'_> {
    /// The class of the visit. HEAD comes first, then what the headers announce, then the name.
    pub fn class(&self) -> VisitClass {
        let ahead = [self.sec_purpose, self.purpose, self.x_purpose, self.x_moz];
        let agent = bounded_lower(self.user_agent.unwrap_or_default());
        let has_any = |words: &[&str]| words.iter().any(|word| agent.contains(word));
        if self.is_head {
            VisitClass::Head
        } else if ahead.into_iter().flatten().any(announces_prefetch) || has_any(PREVIEWS) {
            VisitClass::Preview
        } else if has_any(MACHINES) || names_a_bot(&agent) || !has_any(BROWSERS) {
            VisitClass::Bot
        } else {
            VisitClass::Person
        }
    }
}

impl Device {
    /// Nothing is known.
    pub const UNKNOWN: Device =
        Device { kind: DeviceKind::Other, os: Os::Other, browser: Browser::Other };

    /// Reads a User-Agent; only its first [`USER_AGENT_MAX_BYTES`] bytes are looked at.
    pub fn of(user_agent: Option<&str>) -> Device {
        let agent = bounded_lower(user_agent.unwrap_or_default());
        let os = first(OS, &agent).unwrap_or(Os::Other);
        Device { kind: kind_of(&agent, os), os, browser: browser_of(&agent, os) }
    }
}

/// The first row with a word that the text has.
fn first<T: Copy>(table: &[(&[&str], T)], agent: &str) -> Option<T> {
    let row = table.iter().find(|(words, _)| words.iter().any(|word| agent.contains(word)));
    row.map(|(_, found)| *found)
}

/// Order matters: Windows Phone says "Android" and "like iPhone", Android says "Linux".
const OS: &[(&[&str], Os)] = &[
    (&["windows"], Os::Windows),
    (&["openharmony", "kaios", "tizen", "web0s", "webos", "playstation", "nintendo"], Os::Other),
    (&["iphone", "ipad", "ipod"], Os::Ios),
    (&["android", "silk/", "kindle"], Os::Android),
    (&["macintosh", "mac os x"], Os::Macos),
    (&["linux", "cros", "x11"], Os::Linux),
];

/// What is told by a word alone; the rest is [`kind_of`]'s.
#[rustfmt::skip]
const KINDS: &[(&[&str], DeviceKind)] = &[
    (
        &[
            "smart-tv", "smarttv", "googletv", "appletv", "android tv", "bravia", "crkey",
            "aftt", "hbbtv", "web0s", "playstation", "xbox", "nintendo",
        ],
        DeviceKind::Other,
    ),
    (
        &["ipad", "tablet", "kindle", "playbook"],
        DeviceKind::Tablet,
    ),
    (
        &[
            "iphone", "ipod", "windows phone", "mobi", "midp", "opera mini",
        ],
        DeviceKind::Mobile,
    ),
];

/// Android without "Mobile" is a tablet: Google's own rule for its browsers.
fn kind_of(agent: &str, os: Os) -> DeviceKind {
    first(KINDS, agent).unwrap_or(match os {
        Os::Android => DeviceKind::Tablet,
        Os::Ios => DeviceKind::Mobile,
        Os::Windows | Os::Macos | Os::Linux => DeviceKind::Desktop,
        Os::Other => DeviceKind::Other,
    })
}

/// Order matters: nearly all of them also say Chrome and Safari.
#[rustfmt::skip]
const BROWSER: &[(&[&str], Browser)] = &[
    (
        &[
            "fban/", "fbav/", "fb_iab", "instagram", "micromessenger", " line/", "twitter",
            "snapchat", "linkedinapp", "pinterest/", "bytedancewebview", "musical_ly", "trill",
            "telegram", " gsa/", "kakaotalk", "viber", "; wv)",
        ],
        Browser::InApp,
    ),
    (&["edg/", "edga/", "edgios/", "edge/"], Browser::Edge),
    (&["opr/", "opera", "opt/", "opios/"], Browser::Opera),
    (&["samsungbrowser"], Browser::Samsung),
    (&["ucbrowser", "ucweb"], Browser::Uc),
    (&["firefox/", "fxios/", "focus/"], Browser::Firefox),
    (&["chrome/", "crios/", "chromium/"], Browser::Chrome),
];

/// Safari is what is left on Apple's systems; elsewhere the word is a courtesy of other engines.
fn browser_of(agent: &str, os: Os) -> Browser {
    let apple = matches!(os, Os::Ios | Os::Macos);
    match first(BROWSER, agent) {
        Some(browser) => browser,
        None if apple && agent.contains("safari/") => Browser::Safari,
        // An iOS web view leaves "Safari" out.
        None if os == Os::Ios && agent.contains("applewebkit") => Browser::InApp,
        None => Browser::Other,
    }
}

/// Makers of link previews. iMessage calls itself `facebookexternalhit`, Signal `WhatsApp/2`.
#[rustfmt::skip]
const PREVIEWS: &[&str] = &[
    "facebookexternalhit", "facebookcatalog", "facebot", "twitterbot", "whatsapp/", "slackbot",
    "slack-imgproxy", "telegrambot", "discordbot", "linkedinbot", "applebot", "skypeuripreview",
    "bingpreview", "snap url preview", "viberbot", "kakaotalk-scrap", "line-poker", "redditbot",
    "vkshare", "pinterestbot", "pinterest/0.", "mastodon", "embedly", "iframely", "urlpreview",
    "link preview", "linkpreview",
];

/// Machines that call themselves a browser, and have no "bot" in their name.
#[rustfmt::skip]
const MACHINES: &[&str] = &[
    "headless", "phantomjs", "puppeteer", "playwright", "selenium", "lighthouse", "pingdom",
    "statuscake", "site24x7", "datadog", "newrelic", "gtmetrix", "checkly", "googleother",
    "google-", "-google", "feedfetcher", "yandex.com/", "slurp", "ia_archiver", "archive.org",
    "chatgpt-user", "claude-", "perplexity", "bytespider", "python", "scrapy", "curl/", "wget",
    "libwww", "go-http-client", "okhttp", "nmap", "nikto", "sqlmap", "zgrab", "masscan",
    "censys",
];

/// What people's browsers begin with, feature phones and Opera Mini included. Without one of them it is a
/// tool: curl, okhttp, CFNetwork, `Amazon CloudFront`, an empty text.
const BROWSERS: &[&str] = &["mozilla/", "opera/", "ucweb", "ucbrowser", "midp", "dolfin/"];

/// Words that name a machine wherever they stand, but for "bot", which also ends a brand of phones (Cubot).
fn names_a_bot(agent: &str) -> bool {
    let is_bot = |word: &str| word.ends_with("bot") && word != "cubot";
    let mut words = agent.split(|c: char| !c.is_ascii_alphabetic());
    words.any(|word| is_bot(word) || word.contains("crawl") || word.contains("spider"))
}

/// `prefetch`, `prefetch;prerender`, `preview`, `instant`.
fn announces_prefetch(value: &str) -> bool {
    let value = bounded_lower(value);
    ["prefetch", "prerender", "preview", "instant"].iter().any(|word| value.contains(word))
}

/// The first [`USER_AGENT_MAX_BYTES`] bytes, cut at a character, in lower case.
fn bounded_lower(text: &str) -> String {
    let end = text.floor_char_boundary(USER_AGENT_MAX_BYTES);
    text[..end].to_ascii_lowercase()
}

#[cfg(test)]
mod agents;
#[cfg(test)]
mod tests;
