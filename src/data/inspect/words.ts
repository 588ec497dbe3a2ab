// Words of the cells that say what a row of an event log or an order stands for.

import { flagOf } from '../values/flags';

const PURCHASES =
  /^((product |item |event |order )?(purchase[ds]?|bought|buy|buys|ordered|sold)|transactions?|orders?|sales?|checkout( completed| complete)?|(order|checkout|purchase) (completed?|placed|paid|success|confirmed)|(completed?|placed) (an )?order|paid|payment( completed| success)?|conversions?|acquisition|kauf|gekauft|verkauf|bestellung|bestellt|compra|compras|venta|achat|vente|acquisto|vendita|koop|kop|ecommerce purchase|in app purchase|购买|покупка)$/;
const OTHERS =
  /^((page|product|item|detail|screen|content|list) ?)?(views?( \w+)?|viewed|clicks?|click \w+|clicked|reads?|likes?|stars?|impressions?|hover|search|searched|seen|visits?|pageviews?|pv|fav|favou?rites?|wish ?lists?|add \w+|added|add to \w+|addtocart|cart|remove.*|carts?|begin checkout|session start|user engagement|scroll|share|bookmark|ratings?|rate|reviews?|login|sign ?up|subscribe|play|watch|watched|checkout started|product (viewed|added|removed|clicked)|purchase intent|select \w+|first visit|refunds?|returns?)$/;
const RETURNS = /^(refund(s|ed)?|returns?|returned|retoure|devolucion|rembourse(ment)?|reso)$/;
const CANCELLED =
  /(^| )(cancel\w*|void(ed)?|unavailable|failed|failure|storn\w*|annul\w*|cancelad\w*|declined|rejected|expired|abandoned|denied|abgebrochen|geannuleerd|avbruten|anulad\w*|отмен\w*)( |$)|取消/;
const RETURNED =
  /(^| )(refund(ed)?|returned|return|retour\w*|devuelt\w*|devolvid\w*|chargeback|charged back|erstattet|zurueckgegeben|zurückgegeben|rembours\w*|rimborsat\w*|reso|terugbetaald|возврат\w*)( |$)|退/;
const PARTLY = /partial|partly|teilweise|partiel|parcial/;
const FINE =
  /(^| )(paid|delivered|shipped|completed?|processing|fulfilled|unfulfilled|pending|invoiced|approved|created|success|succeeded|closed|open|new|authorized|on hold|holded|placed|confirmed|bezahlt|versandt|versendet|geliefert|abgeschlossen|offen|pagado|enviado|entregado|livree?|payee?|expediee?)( |$)|已完成|完成/;

export type EventWord = 'purchase' | 'return' | 'other' | 'unknown';

export function eventWord(text: string): EventWord {
  const word = plain(text);
  if (PURCHASES.test(word)) return 'purchase';
  if (RETURNS.test(word)) return 'return';
  return OTHERS.test(word) ? 'other' : 'unknown';
}

export type StatusWord = 'cancelled' | 'returned' | 'fine' | 'unknown';

/** An order that came back in part counts as bought. */
export function statusWord(text: string): StatusWord {
  const word = plain(text);
  if (PARTLY.test(word)) return 'fine';
  if (CANCELLED.test(word)) return 'cancelled';
  if (RETURNED.test(word)) return 'returned';
  return FINE.test(word) ? 'fine' : 'unknown';
}

/** What a flag such as is_returned says of a row if it is yes. */
export function flagMeaning(name: string): 'cancelled' | 'returned' | undefined {
  const word = statusWord(name.replace(/([a-z])([A-Z])/g, '$1 $2'));
  return word === 'cancelled' || word === 'returned' ? word : undefined;
}

export function isYes(text: string): boolean {
  return flagOf(text) === true;
}

function plain(text: string): string {
  return text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[^\p{L}]+/gu, ' ')
    .trim();
}
