import { BellOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { officeBoard, remindPhones, type Board, type BoardDevice } from '../api/days.ts';
import { useDirectory } from '../api/directory.ts';
import { time, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { usePowers } from '../session/session.ts';
import { mayBeReminded, missingPhones } from './board-lines.ts';

/** Asks phones for the day; whatever comes of it, the board says how it stands. */
function useReminding({ office, day }: Board) {
  const { t } = useWords();
  const cache = useQueryClient();
  const notice = useProblemNotice();
  const { message } = App.useApp();
  return useMutation({
    mutationFn: (devices: string[]) => remindPhones(office, day, devices),
    onSuccess: (board, devices) => {
      cache.setQueryData(officeBoard(office, day).queryKey, board);
      message.success(t('board.remindDone', { count: devices.length }));
    },
    onError: (error) => {
      notice(error);
      void cache.invalidateQueries({ queryKey: ['days'] });
    },
  });
}

/** Reminds every phone that is missing. */
export function RemindAll({ board }: { board: Board }) {
  const { t } = useWords();
  const powers = usePowers();
  const reminding = useReminding(board);
  const missing = missingPhones(board).filter(({ device }) => mayBeReminded(device)).map(({ device }) => device.id);
  if (missing.length === 0 || !powers.closeDays) return null;
  return (
    <Button
      icon={<BellOutlined />}
      title={t('board.remindHint')}
      loading={reminding.isPending}
      onClick={() => reminding.mutate(missing)}
    >
      {t('board.remindAll', { count: missing.length })}
    </Button>
  );
}

interface Props {
  board: Board;
  device: BoardDevice;
  /** Whose phone it is. */
  person: string;
  zone?: string;
}

/** How a phone was reminded, and a button to do so. */
export function Reminder({ board, device, person, zone }: Props) {
  const { t } = useWords();
  const directory = useDirectory();
  const powers = usePowers();
  const reminding = useReminding(board);
  const { reminder } = device;
  return (
    <>
      {reminder && (
        <div className="small quiet">
          <div>
            {t('board.reminded', {
              time: time(reminder.at, zone),
              name: directory.person(reminder.by) ?? t('common.unknown'),
            })}
          </div>
          <div>
            {reminder.reached_at == null
              ? t('board.notReached')
              : t('board.reached', { time: time(reminder.reached_at, zone) })}
          </div>
        </div>
      )}
      {mayBeReminded(device) && powers.closeDays && (
        <Button
          type="link"
          size="small"
          className="remind"
          title={t('board.remindHint')}
          aria-label={t('board.remindOf', { name: person, phone: device.label })}
          loading={reminding.isPending}
          onClick={() => reminding.mutate([device.id])}
        >
          {t(reminder ? 'board.remindAgain' : 'board.remind')}
        </Button>
      )}
    </>
  );
}
