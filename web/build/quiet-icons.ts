import type { Plugin } from 'vite';

const NAMED = /role: "img",\s*"aria-label": icon\.name/;
const QUIET = '...(restProps["aria-label"] ? { role: "img" } : { "aria-hidden": true })';

/**
 * Each icon of antd has an English name of its own, which screen readers read out before the words beside it, in every
 * language: "check 通过". Icons say nothing here, except where somebody has given them a name. There is no setting for
 * it, so the one line is changed that gives them theirs; if a new version has it no more, the build fails.
 */
export function quietIcons(): Plugin {
  let isQuiet = false;
  return {
    name: 'daybook-quiet-icons',
    apply: 'build',
    transform: {
      filter: { id: /@ant-design\/icons\/es\/components\/AntdIcon\w*\.js$/ },
      handler(code) {
        isQuiet ||= NAMED.test(code);
        return { code: code.replace(NAMED, QUIET), map: null };
      },
    },
    buildEnd(error) {
      if (!error && !isQuiet) this.error('icons are not named where they were: look at what AntdIcon.js of @ant-design/icons does now');
    },
  };
}
