import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { useProblemNotice } from '../problem/notices.tsx';

/** Cuts a phone off in one way or another, and shows how it stands then. */
export function useCutOff<T>(run: (input: T) => Promise<unknown>, done: string, onClose: () => void) {
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  return useMutation({
    mutationFn: run,
    onSuccess: () => {
      message.success(done);
      onClose();
    },
    onError: notice,
    onSettled: () => cache.invalidateQueries({ queryKey: ['devices'] }),
  });
}
