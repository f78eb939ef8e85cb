import { sendPicture } from "./editor-upload.js";

// Reads a .docx into the editor. The converter is fetched only when it is needed.
// <input type="file" data-word-for="body"> <p data-word-status role="status">
export function wordImport(editor, area) {
  const input = document.querySelector(`[data-word-for="${CSS.escape(area.name)}"]`);
  if (!input) return;
  const status = document.querySelector("[data-word-status]");
  const say = (text) => { if (status) status.textContent = text ?? ""; };
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    say(input.dataset.busy);
    try {
      const { default: mammoth } = await import("mammoth/mammoth.browser.js");
      const { value } = await mammoth.convertToHtml({ arrayBuffer: await file.arrayBuffer() }, conversion(mammoth, area.dataset.upload));
      editor.s.insertHTML(value);
      say(input.dataset.done);
    } catch {
      say(input.dataset.failed);
    }
    input.value = "";
  });
}

function conversion(mammoth, upload) {
  return {
    styleMap: ["p[style-name='Title'] => h2:fresh", "p[style-name='标题'] => h2:fresh", "p[style-name='Heading 1'] => h2:fresh", "p[style-name='标题 1'] => h2:fresh", "p[style-name='Heading 2'] => h3:fresh", "p[style-name='标题 2'] => h3:fresh", "p[style-name='Heading 3'] => h4:fresh", "p[style-name='标题 3'] => h4:fresh"],
    convertImage: mammoth.images.imgElement(async (picture) => {
      if (!upload) return { src: "" };
      const bytes = await picture.readAsArrayBuffer();
      const name = "picture." + picture.contentType.split("/")[1];
      return { src: await sendPicture(upload, new Blob([bytes], { type: picture.contentType }), name) };
    }),
  };
}
