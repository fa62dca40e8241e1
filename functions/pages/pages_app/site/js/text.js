// What the page says: in Chinese, or in English where the browser asks for another language first.

const ENGLISH = {
  "网页管理": "Pages",
  "退出": "Leave",
  "这里是给公众号主人用的，请输入设置密码。": "This is for the account’s owner. Enter the settings password.",
  "密码": "Password",
  "进入": "Enter",
  "把网页拖到这里，或者选一个文件": "Drop a page here, or choose a file",
  "HTML 会成为网页；txt、css、js、图片放在根目录。": "HTML becomes a page; txt, css, js and images go to the root.",
  "选择文件": "Choose files",
  "网页": "Pages",
  "文件": "Files",
  "还没有。": "Nothing yet.",
  "更早的": "Older",
  "用手机扫一扫打开": "Scan with a phone to open it",
  "关闭": "Close",
  "取消": "Cancel",
  "打开": "Open",
  "复制链接": "Copy link",
  "已复制": "Copied",
  "二维码": "QR code",
  "删除": "Delete",
  "覆盖": "Overwrite",
  "正在上传 {name}…": "Uploading {name}…",
  "已上传 {name}": "{name} is online",
  "{name}：{problem}": "{name}: {problem}",
  "删除「{title}」？链接会马上失效。": "Delete “{title}”? Its link stops working at once.",
  "已经有 {name} 了，要覆盖它吗？": "There is a {name} already. Overwrite it?",
  "{title} 的预览": "Preview of {title}",
  "网络不通，请检查网络后再试。": "No connection. Check your network and try again.",
  "服务暂时不可用，请稍后再试。": "The service is not available right now. Please try again later.",
  "文件太大了": "The file is too large",
  "这个地址只有这台电脑打得开。要用手机看：把 WECHAT_MSG_SERVER_HOST 设成 0.0.0.0，用这台电脑在局域网里的地址打开网页管理。":
    "Only this computer can open this address. For a phone, set WECHAT_MSG_SERVER_HOST to 0.0.0.0 and open this page by the computer’s address in your network.",
};

// The API's errors, by its word for each. {seconds} is how long to wait.
const ENGLISH_ERRORS = {
  bad_content: "A page must not be empty, must be UTF-8, and takes at most 2 MB unless PAGES_MAX_BYTES says otherwise.",
  bad_name:
    "A name has 1 to 50 letters, digits, -, _ and Chinese characters, and is not one that the system uses. " +
    "A file ends in .css, .gif, .ico, .jpeg, .jpg, .js, .json, .pdf, .png, .svg, .txt, .webp, .woff2 or .xml.",
  busy: "This page is being changed right now. Please try again in a minute.",
  closed: "The page manager is closed: no OPENAI_CONFIG_PASSWORD is set.",
  name_taken: "There is a page of this name already. Choose another name, or overwrite it.",
  not_found: "There is no such page any more.",
  password_needed: "A password is needed.",
  too_large: "The file is too large",
  too_many_tries: "Too many wrong tries. Please try again in {seconds} seconds.",
  unavailable: "The service is not available right now. Please try again later.",
  wrong_password: "Wrong password.",
};

const chinese = /^zh\b/i.test(navigator.language);

/** Return a text in the visitor's language, its {names} filled in. */
export function t(text, values = {}) {
  const said = chinese ? text : (ENGLISH[text] ?? text);
  return said.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Return what an error of the API says, in the visitor's language where there are words for it. */
export function errorText(code, text, seconds) {
  return chinese || !ENGLISH_ERRORS[code] ? text : t(ENGLISH_ERRORS[code], { seconds });
}

/** Put the page's own words into the visitor's language. */
export function translate() {
  if (chinese) return;
  document.documentElement.lang = "en";
  document.title = t(document.title);
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.textContent);
}
