// Formats times and counts for people.

/** 1234.5 ms → '1.2 s', 90,000 ms → '1 min 30 s'. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** 1234567 → '1,234,567'. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-GB');
}
