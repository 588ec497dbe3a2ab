-- CreateTable
CREATE TABLE "recommendation_lists" (
    "customer_key" INTEGER NOT NULL,
    "article_keys" INTEGER[] NOT NULL,
    "scores" REAL[] NOT NULL,
    "release" TEXT NOT NULL,
    "made_at" TIMESTAMPTZ(0) NOT NULL,

    CONSTRAINT "recommendation_lists_pkey" PRIMARY KEY ("customer_key")
);

-- AddForeignKey
ALTER TABLE "recommendation_lists" ADD CONSTRAINT "recommendation_lists_customer_key_fkey" FOREIGN KEY ("customer_key") REFERENCES "customers"("key") ON DELETE CASCADE ON UPDATE CASCADE;

-- From here on by hand: Prisma's schema cannot say it.
-- A row an article, by the shop's own ids, for whoever writes to customers. Articles that are gone are left out.
CREATE VIEW "recommendations" AS
SELECT c."customer_id", listed."rank"::INTEGER, a."article_id", listed."score", l."release", l."made_at"
FROM "recommendation_lists" AS l
JOIN "customers" AS c ON c."key" = l."customer_key"
CROSS JOIN LATERAL unnest(l."article_keys", l."scores") WITH ORDINALITY AS listed("article_key", "score", "rank")
JOIN "articles" AS a ON a."key" = listed."article_key";
