import type { ThemeConfig } from 'antd';

/** Every text colour has a contrast of at least 4.5 to 1 on white, and on the grey of headings of tables and of fields that
 * can't be written in. */
export const theme: ThemeConfig = {
  token: {
    colorPrimary: '#0a5ea8',
    colorLink: '#0a5ea8',
    colorLinkHover: '#084a85',
    colorError: '#b3261e',
    colorWarning: '#8a5300',
    colorSuccess: '#1c6b36',
    colorText: '#1d2530',
    colorTextSecondary: '#4a5563',
    colorTextTertiary: '#5a6472',
    colorTextDescription: '#5a6472',
    colorTextPlaceholder: '#667080',
    colorTextDisabled: '#5f6875',
    colorBorder: '#b9c1cb',
    colorBorderSecondary: '#e4e8ed',
    colorBgLayout: '#f5f7f9',
    borderRadius: 4,
    fontSize: 14,
    controlHeight: 30,
    fontFamily:
      'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif',
    wireframe: false,
    // Without transitions antd would wait for the end of one, under a mask that nobody sees and that takes every click.
    motion: !matchMedia('(prefers-reduced-motion: reduce)').matches,
  },
  components: {
    Table: { cellPaddingBlockSM: 6, cellPaddingInlineSM: 8, headerBg: '#eef1f5', headerColor: '#3a4553', rowHoverBg: '#f2f7fc' },
    Segmented: { itemColor: '#3a4553', trackBg: '#e8ecf1' },
    Tabs: { horizontalMargin: '0 0 12px 0' },
    Modal: { titleFontSize: 16 },
  },
};
