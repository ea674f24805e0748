package vigie.collector.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.collector.event.EventQuery;

class SelectorTest {
  private final Faults faults = new Faults();

  /** {@code daemon.err} to a PRI. */
  private static int pri(String name) {
    String[] parts = name.split("\\.", -1);
    return EventQuery.FACILITIES.indexOf(parts[0]) * 8 + EventQuery.SEVERITIES.indexOf(parts[1]);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "daemon.*;auth.err | daemon.debug auth.err auth.emerg | auth.warning kern.emerg",
        "kern,daemon.info | kern.info daemon.emerg | kern.debug user.info",
        "*.err | kern.err local7.crit | kern.warning",
        "*.* | kern.emerg local7.debug | ",
        "mail.=info | mail.info | mail.notice mail.debug",
        "*.*;mail.!err | mail.warning kern.err | mail.err mail.emerg",
        "mail.*;mail.!=info | mail.notice mail.debug | mail.info",
        "*.info;mail.none;authpriv.none | kern.info | mail.info authpriv.emerg",
        "*.*;mail.!* | kern.debug | mail.emerg",
        "mail.!none | mail.debug | kern.emerg",
        "mail.none;mail.err | mail.err | mail.warning",
        "security.panic;*.=warn;uucp.error | auth.emerg kern.warning uucp.err | kern.err",
        "16.3 | local0.err local0.emerg | local0.warning",
        "local7.7 ; cron.0 | local7.debug cron.emerg | cron.alert",
      })
  void givenSelector_whenAsked_thenAsSyslogdWouldSay(String selector, String yes, String no) {
    Selector parsed = Selector.parse(selector);

    for (String name : yes.split(" ", -1)) {
      assertThat(parsed.matches(pri(name))).as(name).isTrue();
    }
    for (String name : no == null ? new String[0] : no.split(" ", -1)) {
      assertThat(parsed.matches(pri(name))).as(name).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mail | \"mail\" is not FACILITY.PRIORITY",
        "mail. | \"mail.\" is not FACILITY.PRIORITY",
        "mial.err | \"mial\" is no facility; one of kern, user",
        "mail.loud | \"loud\" is no priority; one of emerg, alert",
        "24.err | \"24\" is no facility",
        "mail.8 | \"8\" is no priority",
        "mail.err; | \"\" is not FACILITY.PRIORITY",
      })
  void givenWrongSelector_whenRead_thenTheMessageSaysWhatIsExpected(String text, String message) {
    assertThatThrownBy(() -> Selector.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  private SyslogRoutes routes(String yaml) {
    return SyslogRoutes.read(Yaml.parse(Path.of("c.yaml"), yaml, Map.of(), faults));
  }

  @Test
  void givenNoRoutes_whenAsked_thenAllIsStored() {
    SyslogRoutes routes = routes("a: b\n");

    assertThat(routes.stores(0)).isTrue();
    assertThat(routes.stores(191)).isTrue();
    assertThat(routes.targets()).isEmpty();
  }

  @Test
  void givenStoreForwardAndDrop_whenAsked_thenEachLineCountsUntilADrop() {
    SyslogRoutes routes =
        routes(
            """
            syslog_routes:
              - {selector: '*.crit', to: forward, target: 'syslog://10.0.0.5:514'}
              - {selector: 'mail.=err', to: store}
              - {selector: 'mail.*;local0.debug', to: drop}
              - {selector: '*.*', to: forward, target: 'syslog+udp://h:1514'}
              - {selector: 'user.*', to: forward, target: 'syslog+tls://[::1]:6514'}
            """);

    assertThat(faults.all()).isEmpty();
    assertThat(routes.stores(pri("mail.err"))).isTrue();
    assertThat(routes.stores(pri("mail.info"))).isFalse();
    assertThat(routes.stores(pri("kern.info"))).isTrue();
    assertThat(routes.forwards(pri("mail.crit"))).hasToString("[syslog://10.0.0.5:514]");
    assertThat(routes.forwards(pri("kern.crit")))
        .hasToString("[syslog://10.0.0.5:514, syslog+udp://h:1514]");
    assertThat(routes.forwards(pri("mail.err"))).isEmpty();
    assertThat(routes.forwards(pri("user.info")))
        .hasToString("[syslog+udp://h:1514, syslog+tls://[::1]:6514]");
  }

  @Test
  void givenRoutesThatCannotWork_whenRead_thenEachIsTold() {
    routes(
        """
        syslog_routes:
          - {selector: 'mail.none', to: drop}
          - {selector: 'kern.*', to: drop}
          - {selector: 'kern.err', to: store}
          - {selector: 'x.err', to: store}
          - {selector: '*.err', to: away}
          - {selector: '*.err', to: forward}
          - {selector: '*.err', to: store, target: 'syslog://h:1'}
          - {selector: '*.err', to: forward, target: 'http://h:1'}
          - {selector: '*.err', to: forward, target: 'syslog://h:1', tls_config: {}}
          - {selector: '*.err', to: forward, target: 'syslog+tls://h:1', tls_config: {ca_file: no.pem}}
        """);

    assertThat(faults.warnings())
        .containsExactly(
            "c.yaml:2:6: selector matches nothing",
            "c.yaml:4:6: nothing reaches this route: those before it drop all it is for");
    assertThat(faults.all()).hasSize(7);
    assertThat(String.join("\n", faults.all()))
        .contains(
            "c.yaml:5:6: selector: \"x\" is no facility",
            "c.yaml:6:25: to \"away\" must be store, forward or drop",
            "target is missing",
            "target goes with to: forward only",
            "\"http://h:1\" is no target; write syslog+tls://HOST:PORT, syslog://HOST:PORT or",
            "tls_config goes with a target of syslog+tls:// only",
            "no.pem cannot be used");
  }
}
