// What an address shows that leads nowhere.

export function NotFoundPage() {
  return (
    <div class="page empty">
      <h1>Nothing is here</h1>
      <a class="button" href="/">
        To the shop window
      </a>
    </div>
  );
}
