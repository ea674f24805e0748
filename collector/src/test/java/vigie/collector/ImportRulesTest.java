package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import vigie.base.ImportRules;

/**
 * The import table of {@code vigie.collector}: each row besides {@code base}, never a row below.
 */
class ImportRulesTest {
  private final ImportRules rules =
      new ImportRules("vigie.collector")
          .open("label", "")
          // A value as labels are: whoever has samples to do with may meet one.
          .open("histogram", "")
          .row("sample", "histogram")
          .row("event", "sample")
          // What receivers share; they don't know each other.
          .row("receive", "event")
          .row("receive.syslog", "event receive")
          .row("receive.relp", "event receive")
          .row("receive.remotewrite", "sample receive histogram")
          .row("scrape", "sample histogram")
          .row("remote", "sample histogram")
          .row("graph", "sample")
          .row("node", "event sample")
          .row("promql", "sample histogram")
          .row("template", "")
          .row("alert", "event")
          .row("rule", "promql sample event template alert")
          .row("silence", "alert event")
          .row("inhibit", "alert node")
          .row("dispatch", "alert silence inhibit event node")
          .row("card", "dispatch alert event rule promql sample template graph")
          .row("outbox", "dispatch alert event")
          .row("drill", "event sample alert dispatch outbox")
          .row("notify.discord", "outbox card dispatch alert event template graph")
          .row("notify.webhook", "outbox dispatch alert event template graph")
          .row("notify.terminal", "outbox card dispatch alert event template graph")
          .row(
              "bot",
              "scrape sample event node promql rule alert silence dispatch outbox notify.discord"
                  + " card graph")
          .row("store.event", "event")
          .row("store.sample", "sample histogram")
          .row("store.state", "alert event silence dispatch outbox node")
          .row("api", "scrape sample event node promql rule alert silence dispatch outbox drill")
          .row("web", "api")
          // sample: what the root hands to the rule tests, an empty store for each.
          .row("cli", "promql rule dispatch scrape graph")
          .library("net.dv8tion", "notify.discord bot")
          .library("org.sqlite", "store.event store.sample store.state")
          .library("java.sql", "store.event store.sample store.state")
          .library("picocli", "cli root")
          .library("com.google.re2j", "label")
          .library("io.prometheus", "api root")
          .library("org.snakeyaml", "");

  @Test
  void givenMainClasses_whenImportsAreRead_thenAllAreInTheTable() {
    assertThat(rules.violations()).isEmpty();
  }

  @Test
  void givenMainPackages_whenLookedAt_thenAllAreNullMarked() {
    assertThat(rules.unmarkedPackages()).isEmpty();
  }

  @Test
  void givenMainClasses_whenCallsAreRead_thenTimeAndThreadsHaveOneOwner() {
    rules.checkTimeAndThreads();
  }

  @Test
  void givenMainClasses_whenTheyFormat_thenInNoCountrysWay() {
    rules.checkLocales();
  }
}
