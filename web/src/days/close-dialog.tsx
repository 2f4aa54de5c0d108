import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Alert, App, AutoComplete, Form, Input, Modal } from 'antd';
import { useRef, useState, type KeyboardEvent } from 'react';
import { closeDay, sealedStatement, type Board } from '../api/days.ts';
import { useDirectory } from '../api/directory.ts';
import { clockTime, number, term, termsOf, time, useWords } from '../language/wording.ts';
import { Trouble } from '../problem/trouble.tsx';
import { focusOn } from '../words/focus.ts';
import { Moment } from '../words/moment.tsx';
import { useOnce } from '../words/once.ts';
import { missingPhones, recordsIn, type MissingPhone } from './board-lines.ts';
import { explanations, LONGEST_REASON, newcomers, sameForAll, unexplained, type Reasons } from './reasons.ts';

interface Props {
  /** As it stands now: while somebody writes reasons, phones come in and go missing. */
  board: Board;
  zone?: string;
  onClose: () => void;
}

/** Closes a day: shows what will be sealed, and asks why each missing phone is missing. */
export function CloseDialog({ board, zone, onClose }: Props) {
  const { t } = useWords();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const { office, day } = board;
  const missing = missingPhones(board);
  const [reasons, setReasons] = useState<Reasons>({});
  const [before] = useState(() => new Set(missing.map(({ device }) => device.id)));
  const [checked, setChecked] = useState(false);
  const form = useRef<HTMLDivElement>(null);
  const fresh = newcomers(missing, before);

  const close = useMutation({
    mutationFn: () => closeDay(office, day, explanations(missing, reasons)),
    onSuccess: (sealed) => {
      message.success(t('closing.done'));
      cache.setQueryData(sealedStatement(office, day, sealed.number).queryKey, sealed);
      void navigate({
        to: '/offices/$office/days/$day/statements/$number',
        params: { office, day, number: String(sealed.number) },
      });
    },
    // Whatever was refused: the board says what has changed meanwhile.
    onSettled: () => cache.invalidateQueries({ queryKey: ['days'] }),
  });
  const once = useOnce(close.isPending);
  const send = () => {
    const [blank] = unexplained(missing, reasons);
    setChecked(true);
    if (!blank) return once(close.mutate);
    form.current?.querySelector<HTMLElement>(`#${fieldOf(blank)}`)?.focus();
  };
  // Before the menu of common reasons takes them: what is written counts, not what it would put in its place; and the tab
  // key goes on.
  const keys = (event: KeyboardEvent) => {
    const sends = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
    if (sends || event.key === 'Tab') event.stopPropagation();
    if (sends) send();
  };

  // What sealed the day here leads away from this page; anything else was somebody else's.
  const closed = close.isIdle || close.isError ? board.statements[0] : undefined;
  if (closed) return <ClosedMeanwhile board={board} zone={zone} onClose={onClose} />;
  const alone = missing.length === 1 ? missing[0] : undefined;
  return (
    <Modal
      open
      width={760}
      title={t('closing.title', { name: board.name, day })}
      okText={t('closing.send')}
      confirmLoading={close.isPending}
      onOk={send}
      onCancel={onClose}
      afterOpenChange={focusOn(alone ? fieldOf(alone) : 'reason-for-all')}
    >
      <div ref={form} className="closing" onKeyDownCapture={keys}>
        {close.error && <Trouble error={close.error} />}
        {fresh.length > 0 && (
          <Alert
            type="warning"
            showIcon
            role="alert"
            title={t('closing.newcomers', { names: fresh.map(nameOf).join(', ') })}
          />
        )}
        <p>{t('closing.lead')}</p>
        <Contents board={board} />
        {board.is_today && Date.now() < board.evening && (
          <p className="mark-held early">{t('closing.early', { time: clockTime(board.evening, zone) })}</p>
        )}
        {missing.length === 0 ? (
          <p>{t('closing.noneMissing')}</p>
        ) : (
          <Form layout="vertical" component={false}>
            <h3>{t('closing.missing')}</h3>
            {missing.length > 1 && (
              <Form.Item label={t('closing.forAll')} htmlFor="reason-for-all">
                <ReasonInput id="reason-for-all" onChange={(reason) => setReasons(sameForAll(missing, reason))} />
              </Form.Item>
            )}
            {missing.map((phone) => (
              <WhyMissing
                key={phone.device.id}
                phone={phone}
                zone={zone}
                fresh={fresh.includes(phone)}
                reason={reasons[phone.device.id] ?? ''}
                wanting={checked}
                onChange={(reason) => setReasons((reasons) => ({ ...reasons, [phone.device.id]: reason }))}
              />
            ))}
          </Form>
        )}
      </div>
    </Modal>
  );
}

const fieldOf = ({ device }: MissingPhone) => `reason-${device.id}`;
const nameOf = ({ person, device }: MissingPhone) => `${person} (${device.label})`;

/** What the statement will count. */
function Contents({ board }: { board: Board }) {
  const { t } = useWords();
  const { visit, survey, lead, flagged } = board.total;
  const facts = Object.values(board.figures).reduce((sum, { count }) => sum + count, 0);
  const phones = board.people.reduce((sum, { devices }) => sum + devices.length, 0);
  return (
    <dl className="facts">
      <dt>{t('closing.sealed')}</dt>
      <dd>
        {/* Beside the dialog: what was written in it stays. */}
        <Link to="/records" search={{ made_in: board.office, day: board.day }} target="_blank">
          {t('closing.records', { count: recordsIn(board.total) })}
        </Link>{' '}
        <span className="quiet">
          {t('closing.ofWhich', {
            visits: number(visit),
            surveys: number(survey),
            leads: number(lead),
            flagged: number(flagged),
          })}
        </span>
        <div>{t('closing.facts', { count: facts })}</div>
        <div>{t('closing.phones', { count: phones })}</div>
      </dd>
    </dl>
  );
}

interface WhyMissingProps {
  phone: MissingPhone;
  zone?: string;
  fresh: boolean;
  reason: string;
  /** Whether somebody tried to send already, so that a reason that is missing is said. */
  wanting: boolean;
  onChange: (reason: string) => void;
}

function WhyMissing({ phone, zone, fresh, reason, wanting, onChange }: WhyMissingProps) {
  const { t } = useWords();
  const { device, person } = phone;
  const blank = wanting && reason.trim() === '';
  return (
    <Form.Item
      label={
        <span className="marks">
          <strong>{person}</strong> {device.label}
          {fresh && <span className="mark mark-rejected">{t('closing.new')}</span>}
          <span className="mark mark-held">{term('absence', device.absence ?? '')}</span>
          {device.unsent.changes > 0 && <span>{t('devices.unsentChanges', { count: device.unsent.changes })}</span>}
          {device.last_exchange_at != null && <Moment at={device.last_exchange_at} zone={zone} />}
        </span>
      }
      htmlFor={fieldOf(phone)}
      validateStatus={blank ? 'error' : undefined}
      help={blank ? t('closing.unexplained') : undefined}
    >
      <ReasonInput
        id={fieldOf(phone)}
        label={t('closing.reasonOf', { person, phone: device.label })}
        value={reason}
        blank={blank}
        onChange={onChange}
      />
    </Form.Item>
  );
}

interface ReasonInputProps {
  id: string;
  label?: string;
  value?: string;
  blank?: boolean;
  onChange: (reason: string) => void;
}

/** A reason in words of one's own, or one of those that offices have most often. */
function ReasonInput({ id, label, value, blank = false, onChange }: ReasonInputProps) {
  return (
    <AutoComplete
      id={id}
      className="full"
      value={value}
      onChange={onChange}
      options={termsOf('excuse').map(({ label }) => ({ value: label }))}
      showSearch={{ filterOption: (typed, option) => option?.value.includes(typed) ?? false }}
      defaultActiveFirstOption={false}
    >
      <Input aria-label={label} aria-invalid={blank} maxLength={LONGEST_REASON} />
    </AutoComplete>
  );
}

/** Somebody else was first. */
function ClosedMeanwhile({ board, zone, onClose }: Props) {
  const { t } = useWords();
  const directory = useDirectory();
  const [closed] = board.statements;
  return (
    <Modal open title={t('closing.meanwhile')} footer={null} onCancel={onClose}>
      <p role="alert">
        {closed &&
          t('closing.meanwhileLead', {
            name: directory.person(closed.sealed_by) ?? t('common.unknown'),
            time: time(closed.sealed_at, zone),
          })}
      </p>
      <Link
        to="/offices/$office/days/$day/statements/$number"
        params={{ office: board.office, day: board.day, number: '0' }}
      >
        {t('closing.toStatement')}
      </Link>
    </Modal>
  );
}
