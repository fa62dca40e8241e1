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
};

const chinese = /^zh\b/i.test(navigator.language);

/** Return a text in the visitor's language, its {names} filled in. */
export function t(text, values = {}) {
  const said = chinese ? text : (ENGLISH[text] ?? text);
  return said.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Put the page's own words into the visitor's language. */
export function translate() {
  if (chinese) return;
  document.documentElement.lang = "en";
  document.title = t(document.title);
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.textContent);
}
