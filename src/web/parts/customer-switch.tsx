// Chooses the customer. The dialog offers a few customers, any other customer by id, and a new
// visitor. On the first visit the first customer of the dialog is chosen automatically.

import { useEffect, useRef, useState } from 'preact/hooks';
import { CustomerByIdDocument, CustomerChoiceDocument } from '../../../schema/client';
import { ask, messageOf, useAnswer } from '../api';
import { tellingPeople } from '../people';
import { newVisitor, person, type Person } from '../state';
import { CloseIcon, PersonIcon } from './icons';

const SHOWN = 6;

export function CustomerSwitch() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [wanted, setWanted] = useState(false);
  // The customers are fetched only when they are needed.
  const needed = wanted || person.value === undefined;
  const { data, error } = useAnswer(CustomerChoiceDocument, needed ? { first: 40 } : null);
  const people = data ? tellingPeople(data.activeCustomers, SHOWN) : [];
  const waiting = data === undefined && error === undefined;
  useEffect(() => {
    if (person.value === undefined && (data || error)) person.value = people[0] ?? newVisitor();
  }, [data, error]);
  const choose = (one: Person): void => {
    person.value = one;
    dialog.current?.close();
  };
  return (
    <>
      <button
        class="tool person"
        type="button"
        aria-haspopup="dialog"
        onClick={() => {
          setWanted(true);
          dialog.current?.showModal();
        }}
      >
        <PersonIcon />
        <span class="visually-hidden">Customer: </span>
        <span class="person-name" key={person.value?.id}>
          {person.value?.label ?? '…'}
        </span>
      </button>
      <dialog
        ref={dialog}
        class="switch"
        aria-labelledby="switch-title"
        onClick={(event) => {
          // A click outside the dialog hits its backdrop.
          if (event.target === event.currentTarget) event.currentTarget.close();
        }}
      >
        <div class="switch-inside">
          <header>
            <h2 id="switch-title">Whose shop window?</h2>
            <button class="tool" type="button" aria-label="Close" onClick={() => dialog.current?.close()}>
              <CloseIcon />
            </button>
          </header>
          <p class="quiet">Each customer sees another shop. These have a history worth showing:</p>
          <People people={people} waiting={waiting} choose={choose} />
          <OtherCustomer choose={choose} />
        </div>
      </dialog>
    </>
  );
}

interface PeopleProps {
  readonly people: readonly Person[];
  readonly waiting: boolean;
  readonly choose: (one: Person) => void;
}

function People({ people, waiting, choose }: PeopleProps) {
  return (
    <ul class="people" aria-busy={waiting}>
      {/* Empty boxes, so that the dialog does not grow under the pointer. */}
      {waiting && Array.from({ length: SHOWN }, (_, i) => <li key={i} class="people-place" aria-hidden="true" />)}
      {people.map((one) => (
        <li key={one.id}>
          <button type="button" aria-pressed={one.id === person.value?.id} onClick={() => choose(one)}>
            <span class="people-label">{one.label}</span>
            <span class="people-id">{one.id}</span>
          </button>
        </li>
      ))}
      <li>
        <button type="button" onClick={() => choose(newVisitor())}>
          <span class="people-label">New visitor</span>
          <span class="people-id">nothing is known of them</span>
        </button>
      </li>
    </ul>
  );
}

function OtherCustomer({ choose }: Pick<PeopleProps, 'choose'>) {
  const [id, setId] = useState('');
  const [state, setState] = useState<{ asking?: boolean; unknown?: string; error?: string }>({});
  const answer = useRef<HTMLDivElement>(null);
  // On a phone the answer appears below the visible part of the dialog, so the dialog scrolls to
  // the answer.
  useEffect(() => answer.current?.scrollIntoView({ block: 'nearest' }), [state]);
  // When the dialog is opened again, it must not show this id and its answer.
  const chosen = (one: Person): void => {
    setId('');
    setState({});
    choose(one);
  };
  async function look(customerId: string): Promise<void> {
    setState({ asking: true });
    try {
      const { customer } = await ask(CustomerByIdDocument, { customerId });
      if (customer) chosen({ id: customer.id, label: shortened(customer.id) });
      else setState({ unknown: customerId });
    } catch (thrown) {
      setState({ error: messageOf(thrown) });
    }
  }
  return (
    <form
      class="other"
      onSubmit={(event) => {
        event.preventDefault();
        const trimmed = id.trim();
        if (trimmed !== '' && !state.asking) void look(trimmed);
      }}
    >
      <label>
        <span>Any customer, by id</span>
        <input
          value={id}
          maxLength={256}
          aria-invalid={state.unknown !== undefined}
          onInput={(event) => {
            setId(event.currentTarget.value);
            setState({});
          }}
        />
      </label>
      <button class="button" type="submit">
        Look
      </button>
      <div class="other-answer" role="alert" ref={answer}>
        {state.error !== undefined && <p>{state.error}</p>}
        {state.unknown !== undefined && (
          <>
            <p>
              The shop knows no customer “{shortened(state.unknown)}”. Give the whole id, as the shop’s data has it.
            </p>
            <button class="button" type="button" onClick={() => chosen(newVisitor())}>
              Look as a new visitor
            </button>
          </>
        )}
      </div>
    </form>
  );
}

function shortened(id: string): string {
  return id.length > 14 ? `${id.slice(0, 12)}…` : id;
}
