import { App } from 'antd';
import { useCallback } from 'react';
import { adviceFor } from './advice.ts';
import { ProblemDetails } from './trouble.tsx';

/** Tells of something that failed, wherever one is by then. */
export function useProblemNotice() {
  const { notification } = App.useApp();
  return useCallback(
    (error: unknown) => {
      const { title, todo } = adviceFor(error);
      notification.error({
        title,
        duration: 12,
        role: 'alert',
        description: (
          <>
            {todo}
            <ProblemDetails error={error} />
          </>
        ),
      });
    },
    [notification],
  );
}
