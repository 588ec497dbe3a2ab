// Says why there is no answer, and offers to try again.

export function Fault({ message, again }: { readonly message: string; readonly again: () => void }) {
  return (
    <div class="fault" role="alert">
      <p>That did not work. {message}</p>
      <button class="button" type="button" onClick={again}>
        Try again
      </button>
    </div>
  );
}
