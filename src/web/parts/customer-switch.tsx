// Who is looking: a dialog with a few telling customers, any other by id, and a new visitor. Whoever comes for the first time
// looks through the eyes of the tellingest customer.

import { useEffect, useRef, useState } from 'preact/hooks';
import { CustomerChoiceDocument } from '../../../schema/client';
import { useAnswer } from '../api';
import { tellingPeople } from '../people';
import { newVisitor, person, type Person } from '../state';
import { CloseIcon, PersonIcon } from './icons';

const SHOWN = 6;

export function CustomerSwitch() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [wanted, setWanted] = useState(false);
  // Asked for only where it is needed.
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
          // Beside the dialog is its backdrop.
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
          <p class="quiet">Each customer sees another shop. Some with a past worth showing:</p>
          <ul class="people" aria-busy={waiting}>
            {/* Places for those who are on their way: the dialog does not grow under the hand. */}
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
          <OtherCustomer choose={choose} />
        </div>
      </dialog>
    </>
  );
}

function OtherCustomer({ choose }: { readonly choose: (one: Person) => void }) {
  const [id, setId] = useState('');
  return (
    <form
      class="other"
      onSubmit={(event) => {
        event.preventDefault();
        const trimmed = id.trim();
        if (trimmed !== '') choose({ id: trimmed, label: trimmed.length > 14 ? `${trimmed.slice(0, 12)}…` : trimmed });
      }}
    >
      <label>
        <span>Any customer, by id</span>
        <input value={id} maxLength={256} onInput={(event) => setId(event.currentTarget.value)} />
      </label>
      <button class="button" type="submit">
        Look
      </button>
    </form>
  );
}
