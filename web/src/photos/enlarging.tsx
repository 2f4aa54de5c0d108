import { CloseOutlined } from '@ant-design/icons';
import { Image } from 'antd';
import { Children, cloneElement, type ReactElement, type ReactNode } from 'react';
import { useWords } from '../language/wording.ts';
import './photos.css';

/** A button that does something to a large photo, and what antd calls it in every language. */
type Act = ReactElement<{
  'aria-label': 'prev' | 'next' | 'flipY' | 'flipX' | 'rotateLeft' | 'rotateRight' | 'zoomOut' | 'zoomIn';
}>;

/** How a photo is shown large: antd has no words for it, so its buttons get ours. The arrows beside the photo take none
 * at all (photos.css hides them); those of the bar do. */
export function useLargeView() {
  const { t } = useWords();
  const named = (act: Act) => {
    const says = t(`photos.act.${act.props['aria-label']}`);
    return cloneElement<Record<string, unknown>>(act, { 'aria-label': says, title: says });
  };
  return {
    closeIcon: <CloseOutlined aria-label={t('common.close')} />,
    actionsRender: (bar: ReactElement, { icons }: { icons: { prevIcon?: ReactNode; nextIcon?: ReactNode } }) => {
      const { children } = (bar as ReactElement<{ children: ReactNode }>).props;
      const acts = Children.toArray([icons.prevIcon, children, icons.nextIcon]) as Act[];
      return cloneElement(bar, undefined, acts.map(named));
    },
  };
}

interface Props {
  /** All that can be leafed through. */
  photos: { src: string; alt: string }[];
  onOpenChange?: (open: boolean) => void;
  children: ReactNode;
}

/** Photos of which each can be enlarged, and the others be leafed through from there. */
export function Enlarging({ photos, onOpenChange, children }: Props) {
  const { t } = useWords();
  const view = useLargeView();
  return (
    <Image.PreviewGroup
      items={photos}
      preview={{
        ...view,
        onOpenChange,
        alt: t('photos.large'),
        // antd calls the photo what it calls the dialog.
        imageRender: (image, { current }) => cloneElement(image as ReactElement<{ alt?: string }>, { alt: photos[current]?.alt }),
      }}
    >
      {children}
    </Image.PreviewGroup>
  );
}
