import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button, Modal, Select, Space, type TableColumnType } from 'antd';
import { useMemo, useState } from 'react';
import type { Body } from '../api/client.ts';
import { useDirectory } from '../api/directory.ts';
import { exported } from '../api/files.ts';
import { adoptStray, discardStray, strayList } from '../api/set-aside.ts';
import { DeviceLink } from '../devices/link.tsx';
import { useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { Act } from '../record/act.tsx';
import { FieldName } from '../record/field-name.tsx';
import type { FieldChange } from '../record/shape.ts';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { More } from '../words/more.tsx';
import { Moment } from '../words/moment.tsx';
import { ReasonDialog } from '../words/reason-dialog.tsx';
import { RecordLink } from '../words/record-link.tsx';
import { Lines } from '../words/lines.tsx';
import { List } from '../words/list.tsx';

type Stray = Body['StrayBody'];

export function StraysPage() {
  const { t } = useWords();
  const powers = usePowers();
  const directory = useDirectory();
  const query = useInfiniteQuery(strayList);
  const [asking, setAsking] = useState<{ act: 'adopt' | 'discard'; stray: Stray }>();
  const close = () => setAsking(undefined);
  const columns = useMemo(
    (): TableColumnType<Stray>[] => [
      {
        key: 'record',
        title: t('common.record'),
        width: 190,
        render: (_, stray) => <RecordLink id={stray.record} anchor={`stray-${stray.id}`} />,
      },
      {
        key: 'fields',
        title: t('strays.wouldDo'),
        width: 260,
        render: (_, stray) => <Fields lines={stray.fields} />,
      },
      {
        key: 'author',
        title: t('strays.author'),
        width: 140,
        render: (_, stray) =>
          stray.author ? (
            directory.person(stray.author)
          ) : (
            <>
              {directory.person(stray.claimed) ?? t('common.unknown')}{' '}
              <span className="small quiet">({t('strays.claimed')})</span>
            </>
          ),
      },
      {
        key: 'by',
        title: t('strays.offeredBy'),
        width: 150,
        render: (_, stray) => <DeviceLink id={stray.offered_by} />,
      },
      { key: 'at', title: t('strays.offeredAt'), width: 150, render: (_, stray) => <Moment at={stray.at} /> },
      {
        key: 'actions',
        title: t('common.actions'),
        width: 150,
        render: (_, stray) =>
          powers.decideQuarantine && (
            <Space>
              <Button
                size="small"
                type="primary"
                aria-describedby={`stray-${stray.id}`}
                onClick={() => setAsking({ act: 'adopt', stray })}
              >
                {t('strays.adopt')}
              </Button>
              <Button
                size="small"
                danger
                aria-describedby={`stray-${stray.id}`}
                onClick={() => setAsking({ act: 'discard', stray })}
              >
                {t('strays.discard')}
              </Button>
            </Space>
          ),
      },
    ],
    [t, powers, directory],
  );
  return (
    <>
      <PageHead
        title={t('strays.title')}
        end={
          <>
            <ExportButton name={t('strays.title')} list={exported('/api/v1/strays/export', { query: {} })} />
            <Button onClick={() => void query.refetch()} loading={query.isFetching}>
              {t('common.refresh')}
            </Button>
          </>
        }
      />
      <p className="page-lead">{t('strays.lead')}</p>
      <Fetched query={query}>
        {(strays) => (
          <List label={t('strays.title')}>
            <Lines
              rowKey="id"
              lines={strays}
              columns={columns}
              empty={t('strays.empty')}
              hint={t('strays.emptyHint')}
            />
            <More query={query} />
          </List>
        )}
      </Fetched>
      {asking?.act === 'adopt' && <Adopt stray={asking.stray} onClose={close} />}
      {asking?.act === 'discard' && <Discard stray={asking.stray} onClose={close} />}
    </>
  );
}

function Fields({ lines }: { lines: FieldChange[] }) {
  return (
    <ul className="keys">
      {lines.map((line) => (
        <li key={`${line.zone} ${line.field} ${line.act}`}>
          <span className="key">
            <FieldName path={line.field} />
          </span>
          <Act line={line} />
        </li>
      ))}
    </ul>
  );
}

function useStrayDecision<T>(run: (input: T) => Promise<unknown>, done: string, onClose: () => void) {
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
    onSettled: () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: ['strays'] }),
        cache.invalidateQueries({ queryKey: ['records'] }),
      ]),
  });
}

interface AboutOne {
  stray: Stray;
  onClose: () => void;
}

function Adopt({ stray, onClose }: AboutOne) {
  const { t } = useWords();
  const { people } = useDirectory();
  const [author, setAuthor] = useState(stray.author ?? stray.claimed ?? undefined);
  const adopt = useStrayDecision(
    (author: string | undefined) => adoptStray(stray.id, author),
    t('strays.adopted'),
    onClose,
  );
  return (
    <Modal
      open
      title={t('strays.adoptTitle')}
      okText={t('strays.adopt')}
      confirmLoading={adopt.isPending}
      onOk={() => adopt.mutate(stray.author ? undefined : author)}
      onCancel={onClose}
    >
      <p>{t('strays.adoptLead')}</p>
      <Select
        aria-label={t('strays.author')}
        placeholder={t('strays.author')}
        className="full"
        disabled={Boolean(stray.author)}
        value={author}
        onChange={setAuthor}
        showSearch={{ optionFilterProp: 'label' }}
        options={people.map((person) => ({ value: person.id, label: person.name }))}
      />
    </Modal>
  );
}

function Discard({ stray, onClose }: AboutOne) {
  const { t } = useWords();
  const discard = useStrayDecision((reason: string) => discardStray(stray.id, reason), t('strays.discarded'), onClose);
  return (
    <ReasonDialog
      title={t('strays.discardTitle')}
      lead={t('strays.discardLead')}
      hint={t('common.reasonKept')}
      action={t('strays.discard')}
      danger
      sending={discard.isPending}
      onSend={discard.mutate}
      onClose={onClose}
    />
  );
}
