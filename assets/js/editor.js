// The article editor: Jodit over a plain textarea, which alone is sent.
// <textarea data-editor data-upload="/…"> — without script the textarea takes HTML.
import { Jodit } from "jodit/esm/jodit.js";
import zh from "jodit/esm/langs/zh_cn.js";
import "jodit/esm/plugins/add-new-line/add-new-line.js";
import "jodit/esm/plugins/clean-html/clean-html.js";
import "jodit/esm/plugins/clipboard/clipboard.js";
import "jodit/esm/plugins/drag-and-drop/drag-and-drop.js";
import "jodit/esm/plugins/fullsize/fullsize.js";
import "jodit/esm/plugins/hr/hr.js";
import "jodit/esm/plugins/image/image.js";
import "jodit/esm/plugins/image-processor/image-processor.js";
import "jodit/esm/plugins/image-properties/image-properties.js";
import "jodit/esm/plugins/indent/indent.js";
import "jodit/esm/plugins/inline-popup/inline-popup.js";
import "jodit/esm/plugins/justify/justify.js";
import "jodit/esm/plugins/paste-storage/paste-storage.js";
import "jodit/esm/plugins/placeholder/placeholder.js";
import "jodit/esm/plugins/resizer/resizer.js";
import "jodit/esm/plugins/search/search.js";
import "jodit/esm/plugins/select-cells/select-cells.js";
import "jodit/esm/plugins/sticky/sticky.js";
import "jodit/esm/plugins/symbols/symbols.js";
import "jodit/esm/plugins/table-keyboard-navigation/table-keyboard-navigation.js";
import { pictureUploader } from "./editor-upload.js";
import { wordImport } from "./editor-word.js";

Jodit.lang.zh_cn = zh;

const buttons = [
  "paragraph", "bold", "italic", "underline", "strikethrough", "|",
  "ul", "ol", "indent", "outdent", "left", "center", "right", "|",
  "link", "image", "table", "hr", "symbols", "|",
  "eraser", "find", "undo", "redo", "fullsize",
];

function options(area) {
  return {
    language: document.documentElement.lang.startsWith("zh") ? "zh_cn" : "en",
    buttons, buttonsMD: buttons, buttonsSM: buttons, buttonsXS: buttons,
    minHeight: 420,
    toolbarAdaptive: false,
    toolbarStickyOffset: 64,
    showCharsCounter: true, showWordsCounter: false, showXPathInStatusbar: false,
    hidePoweredByJodit: true,
    placeholder: area.getAttribute("placeholder") ?? "",
    askBeforePasteHTML: false,
    askBeforePasteFromWord: false,
    defaultActionOnPaste: "insert_clear_html",
    defaultActionOnPasteFromWord: "insert_clear_html",
    nl2brInPlainText: false,
    disablePlugins: ["iframe", "ai-assistant", "speech-recognize", "powered-by-jodit", "about", "source", "print", "preview", "video"],
    cleanHTML: { removeEmptyElements: true, fillEmptyParagraph: false, denyTags: "script,style,iframe,object,embed,form,input,button" },
    controls: { paragraph: { list: { p: "正文", h2: "标题一", h3: "标题二", h4: "标题三", blockquote: "引用" } } },
    uploader: pictureUploader(area.dataset.upload),
    link: { noFollowCheckbox: false, openInNewTabCheckbox: false },
    image: { openOnDblClick: true, editBorderRadius: false, editStyle: false, editId: false, editClass: false },
  };
}

for (const area of document.querySelectorAll("textarea[data-editor]")) {
  const editor = Jodit.make(area, options(area));
  const label = area.labels?.[0];
  if (label) editor.editor.setAttribute("aria-label", label.textContent.trim());
  editor.editor.classList.add("prose");
  editor.events.on("change", () => area.dispatchEvent(new Event("input", { bubbles: true })));
  wordImport(editor, area);
}
