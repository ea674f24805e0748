package vigie.agent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import vigie.base.ImportRules;

/** The import table of {@code vigie.agent}: each row besides {@code base}, never a row below. */
class ImportRulesTest {
  private final ImportRules rules =
      new ImportRules("vigie.agent")
          .row("event", "")
          .row("reader", "")
          .row("facts", "")
          .row("source", "event reader")
          .row("probe", "event reader")
          .row("spool", "event")
          .row("ship", "spool")
          .row("metric", "reader facts probe")
          .row("expose", "metric probe")
          .row("push", "metric")
          .library("oshi", "facts")
          .library("picocli", "root")
          .library("com.google.re2j", "source probe metric")
          .library("io.netty", "source probe ship expose push root")
          .library("io.prometheus", "metric expose root")
          .library("org.snakeyaml", "")
          .library("java.sql", "");

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
