-- The newest purchase of all is asked for again and again: the end of a B-tree, which a BRIN index cannot give.
DROP INDEX "purchases_bought_at_idx";
CREATE INDEX "purchases_bought_at_idx" ON "purchases"("bought_at");
