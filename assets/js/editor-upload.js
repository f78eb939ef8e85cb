// Sends one picture to the room's own address and puts it where the cursor is.
// The answer is {"url", "width", "height"}, or a problem with "detail".
export function pictureUploader(address) {
  if (!address) return { insertImageAsBase64URI: false };
  return {
    url: address,
    insertImageAsBase64URI: false,
    imagesExtensions: ["jpg", "jpeg", "png", "gif", "webp"],
    filesVariableName: () => "picture",
    withCredentials: true,
    isSuccess: (answer) => Boolean(answer?.url),
    getMessage: (answer) => answer?.detail ?? answer?.title ?? "",
    process: (answer) => ({ files: answer?.url ? [answer.url] : [], path: "", baseurl: "", isImages: [true], error: answer?.url ? 0 : 1, messages: [] }),
    defaultHandlerSuccess(answer) {
      for (const url of answer.files) this.j.s.insertImage(url, null, null);
    },
  };
}

// Uploads a picture that came inside a document and returns its address.
export async function sendPicture(address, blob, name) {
  const body = new FormData();
  body.append("picture", blob, name);
  const response = await fetch(address, { method: "POST", body, credentials: "same-origin" });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail ?? answer.title);
  return answer.url;
}
