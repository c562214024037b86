// Sends a guard's photo: asks for an address, puts the file there, and has it published. Without this script the form
// is not shown.
const form = document.querySelector("form.photo");
if (form) enhance(form);

function enhance(form) {
  const { api, page } = form.dataset;
  const file = form.querySelector("input[type=file]");
  const button = form.querySelector("button");
  const error = document.getElementById("photo-error");
  const progress = document.getElementById("photo-progress");

  const sentence = (text) => text[0].toUpperCase() + text.slice(1).replace(/([^.?!])$/, "$1.");
  const ask = async (address, body) => {
    const answer = await fetch(address, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.errors?.[0]?.detail ?? told.detail ?? "the photo was not taken; try again");
    return told;
  };
  const send = async (photo) => {
    const upload = await ask(`${api}/photo`, { content_type: photo.type, bytes: photo.size });
    const own = upload.headers.filter(({ name }) => !["content-length", "host"].includes(name.toLowerCase()));
    const headers = Object.fromEntries(own.map(({ name, value }) => [name, value]));
    const put = await fetch(upload.upload_url, { method: upload.method, headers, body: photo });
    if (!put.ok) throw new Error("the photo did not arrive; try again");
    progress.textContent = "Making it small …";
    await ask(`${api}/photo/complete`, { photo_id: upload.photo_id });
  };

  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [photo] = file.files;
    if (!photo) return;
    error.hidden = true;
    button.disabled = true;
    progress.textContent = "Sending …";
    try {
      await send(photo);
      location.assign(`${page}?done=photo`);
    } catch (reason) {
      error.textContent = sentence(reason.message || "the connection broke; try again");
      error.hidden = false;
      progress.textContent = "";
      button.disabled = false;
      file.focus();
    }
  });
}
