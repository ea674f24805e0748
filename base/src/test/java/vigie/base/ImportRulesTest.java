package vigie.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The import table of {@code vigie.base}. */
class ImportRulesTest {
  private final ImportRules rules =
      new ImportRules("vigie.base")
          .row("time", "")
          .row("config", "time")
          .row("log", "")
          .row("net", "time config")
          .row("dns", "")
          .row("http", "time config net")
          .row("segment", "time")
          .row("relp", "")
          .row("syslog", "")
          .row("remotewrite", "")
          .row("regex", "")
          .library("org.snakeyaml", "config")
          .library("at.favre.lib", "http")
          .library("io.netty", "net http relp syslog remotewrite")
          .library("io.prometheus", "");

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
  void givenTableWithoutTime_whenImportsAreRead_thenImportAndMissingRowsAreNamed() {
    assertThat(new ImportRules("vigie.base").row("config", "").violations())
        .contains(
            "package vigie.base.time has no row in ImportRulesTest",
            "vigie.base.config.Value imports vigie.base.time.Durations");
  }

  @Test
  void givenMainClasses_whenTheyFormat_thenInNoCountrysWay() {
    rules.checkLocales();
  }
}
