import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, HolderOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { App, Button, Input, Select, Space } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { consultants, setConsultants } from '../api/arrivals.ts';
import { offices } from '../api/directory.ts';
import { number, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { useMe, usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched, Nothing } from '../shell/states.tsx';
import { LONGEST_NAME, mayJoin, moved, sameRota } from './rota.ts';
import './rota.css';

/** Who receives the customers of an office, and in which order. */
export function RotaPage() {
  const { t } = useWords();
  const search = useSearch({ from: '/inside/rota' });
  const navigate = useNavigate({ from: '/rota' });
  const me = useMe();
  const query = useQuery(offices);
  return (
    <Fetched query={query}>
      {(offices) => {
        const office = search.office ?? me.office ?? offices[0]?.id;
        return (
          <>
            <PageHead
              title={t('rota.title')}
              beside={
                offices.length > 1 && (
                  <Select
                    className="rota-office"
                    aria-label={t('rota.office')}
                    value={office}
                    options={offices.map(({ id, name }) => ({ value: id, label: name }))}
                    onChange={(office) => void navigate({ search: { office } })}
                    showSearch={{ optionFilterProp: 'label' }}
                  />
                )
              }
            />
            <p className="page-lead">{t('rota.lead')}</p>
            {office ? <Rota key={office} office={office} /> : <Nothing title={t('rota.noOffice')} />}
          </>
        );
      }}
    </Fetched>
  );
}

function Rota({ office }: { office: string }) {
  return <Fetched query={useQuery(consultants(office))}>{(names) => <Order office={office} saved={names} />}</Fetched>;
}

/** The order as it is being changed; the office has it once it is saved. */
function Order({ office, saved }: { office: string; saved: string[] }) {
  const { t } = useWords();
  const { receive } = usePowers();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const [draft, setDraft] = useState<string[]>();
  const [dragged, setDragged] = useState<string>();
  const [told, setTold] = useState('');
  const list = useRef<HTMLOListElement>(null);
  const follow = useRef<{ name: string; by: -1 | 1 }>(undefined);
  const names = draft ?? saved;
  const changed = !sameRota(names, saved);

  // A button that was pressed moved with its consultant: whoever uses the keyboard goes on from there.
  useEffect(() => {
    if (!follow.current) return;
    const { name, by } = follow.current;
    follow.current = undefined;
    const buttons = [...(list.current?.querySelectorAll<HTMLButtonElement>('button[data-by]') ?? [])];
    const own = buttons.filter((button) => button.dataset.name === name && !button.disabled);
    (own.find((button) => button.dataset.by === String(by)) ?? own[0])?.focus();
  }, [draft]);

  const save = useMutation({
    mutationFn: () => setConsultants(office, names),
    onSuccess: (answer) => {
      cache.setQueryData(consultants(office).queryKey, answer);
      setDraft(undefined);
      message.success(t('rota.saved'));
    },
    onError: notice,
  });
  const move = (from: number, to: number) => {
    const name = names[from];
    if (name === undefined || to < 0 || to >= names.length) return;
    setDraft(moved(names, from, to));
    setTold(t('rota.at', { name, place: number(to + 1), all: number(names.length) }));
  };
  const step = (from: number, by: -1 | 1) => {
    const name = names[from];
    if (name !== undefined) follow.current = { name, by };
    move(from, from + by);
  };

  return (
    <section className="sheet rota" aria-label={t('rota.title')}>
      {names.length === 0 && <Nothing title={t('rota.empty')} hint={t('rota.emptyHint')} />}
      <ol ref={list}>
        {names.map((name, place) => (
          <li
            key={name}
            className={name === dragged ? 'dragged' : undefined}
            draggable={receive}
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = 'move';
              setDragged(name);
            }}
            onDragEnd={() => setDragged(undefined)}
            onDragOver={(event) => dragged !== undefined && event.preventDefault()}
            onDragEnter={() => dragged !== undefined && dragged !== name && move(names.indexOf(dragged), place)}
            onDrop={(event) => event.preventDefault()}
          >
            {receive && <HolderOutlined className="holder" title={t('rota.drag')} aria-hidden />}
            <span className="place number">{number(place + 1)}</span>
            <span className="name wrap">
              <Link
                to="/records"
                search={{ kind: 'lead', office, received_by: name }}
                title={t('rota.receivedBy', { name })}
                // It is the consultant who is dragged.
                draggable={false}
              >
                {name}
              </Link>
            </span>
            {receive && (
              <Space size={4}>
                <Button
                  size="small"
                  icon={<ArrowUpOutlined />}
                  data-by="-1"
                  data-name={name}
                  disabled={place === 0}
                  aria-label={t('rota.up', { name })}
                  onClick={() => step(place, -1)}
                />
                <Button
                  size="small"
                  icon={<ArrowDownOutlined />}
                  data-by="1"
                  data-name={name}
                  disabled={place === names.length - 1}
                  aria-label={t('rota.down', { name })}
                  onClick={() => step(place, 1)}
                />
                <Button
                  size="small"
                  icon={<DeleteOutlined />}
                  aria-label={t('rota.remove', { name })}
                  onClick={() => setDraft(names.filter((other) => other !== name))}
                />
              </Space>
            )}
          </li>
        ))}
      </ol>
      <span className="told" role="status">
        {told}
      </span>
      {receive && (
        <>
          <Join names={names} onJoin={(name) => setDraft([...names, name])} />
          <div className="rota-foot">
            {changed && <span className="quiet">{t('rota.unsaved')}</span>}
            <Button disabled={!changed} onClick={() => setDraft(undefined)}>
              {t('rota.discard')}
            </Button>
            <Button type="primary" disabled={!changed} loading={save.isPending} onClick={() => save.mutate()}>
              {t('rota.save')}
            </Button>
          </div>
        </>
      )}
    </section>
  );
}

/** Somebody more, at the end. */
function Join({ names, onJoin }: { names: string[]; onJoin: (name: string) => void }) {
  const { t } = useWords();
  const [name, setName] = useState('');
  const may = mayJoin(names, name);
  const taken = names.includes(name.trim());
  return (
    <form
      className="join"
      onSubmit={(event) => {
        event.preventDefault();
        if (!may) return;
        onJoin(name.trim());
        setName('');
      }}
    >
      <Input
        value={name}
        maxLength={LONGEST_NAME}
        placeholder={t('rota.name')}
        aria-label={t('rota.name')}
        aria-invalid={taken}
        status={taken ? 'error' : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      <Button htmlType="submit" disabled={!may}>
        {t('rota.add')}
      </Button>
      {taken && <span role="alert">{t('rota.taken')}</span>}
    </form>
  );
}
