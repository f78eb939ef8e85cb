// The article editor: Jodit over a plain textarea, which alone is sent.
// <textarea data-editor data-upload="/…"> — without script the textarea takes HTML.
import { Jodit } from "jodit/esm/jodit.js";
import * as modules from "jodit/esm/modules/index.js";
import * as icons from "jodit/esm/styles/icons/index.js";
import zh from "jodit/esm/langs/zh_cn.js";
import "jodit/esm/plugins/add-new-line/add-new-line.js";
import "jodit/esm/plugins/backspace/backspace.js";
import "jodit/esm/plugins/bold/bold.js";
import "jodit/esm/plugins/clean-html/clean-html.js";
import "jodit/esm/plugins/clipboard/clipboard.js";
import "jodit/esm/plugins/delete/delete.js";
import "jodit/esm/plugins/drag-and-drop/drag-and-drop.js";
import "jodit/esm/plugins/dtd/dtd.js";
import "jodit/esm/plugins/enter/enter.js";
import "jodit/esm/plugins/format-block/format-block.js";
import "jodit/esm/plugins/fullsize/fullsize.js";
import "jodit/esm/plugins/hotkeys/hotkeys.js";
import "jodit/esm/plugins/hr/hr.js";
import "jodit/esm/plugins/image/image.js";
import "jodit/esm/plugins/image-processor/image-processor.js";
import "jodit/esm/plugins/image-properties/image-properties.js";
import "jodit/esm/plugins/indent/indent.js";
import "jodit/esm/plugins/inline-popup/inline-popup.js";
import "jodit/esm/plugins/justify/justify.js";
import "jodit/esm/plugins/key-arrow-outside/key-arrow-outside.js";
import "jodit/esm/plugins/link/link.js";
import "jodit/esm/plugins/ordered-list/ordered-list.js";
import "jodit/esm/plugins/paste/paste.js";
import "jodit/esm/plugins/paste-from-word/paste-from-word.js";
import "jodit/esm/plugins/paste-storage/paste-storage.js";
import "jodit/esm/plugins/placeholder/placeholder.js";
import "jodit/esm/plugins/redo-undo/redo-undo.js";
import "jodit/esm/plugins/resizer/resizer.js";
import "jodit/esm/plugins/search/search.js";
import "jodit/esm/plugins/select-cells/select-cells.js";
import "jodit/esm/plugins/size/size.js";
import "jodit/esm/plugins/stat/stat.js";
import "jodit/esm/plugins/sticky/sticky.js";
import "jodit/esm/plugins/symbols/symbols.js";
import "jodit/esm/plugins/tab/tab.js";
import "jodit/esm/plugins/table/table.js";
import "jodit/esm/plugins/table-keyboard-navigation/table-keyboard-navigation.js";
import "jodit/esm/plugins/toolbar-navigation/toolbar-navigation.js";
import "jodit/esm/plugins/wrap-nodes/wrap-nodes.js";
import { pictureUploader } from "./editor-upload.js";
import { wordImport } from "./editor-word.js";

// What the library's own entry does, without its forty languages.
for (const [name, module] of Object.entries(modules)) Jodit.modules[module.prototype?.className?.() ?? name] = module;
for (const name of ["Confirm", "Alert", "Prompt"]) Jodit[name] = modules[name];
for (const [name, svg] of Object.entries(icons)) modules.Icon.set(name.replace("_", "-"), svg);
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
