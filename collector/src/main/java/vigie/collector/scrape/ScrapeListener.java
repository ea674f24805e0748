package vigie.collector.scrape;

/** Told of the outcome of each scrape, on the scrape's thread; must not block. */
public interface ScrapeListener {
  void onScrape(Target target, boolean well);
}
