package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.collector.label.Labels;

class RoutingTest {
  private static final Receiver OTHERWISE = new Receiver("terminal", List.of());
  private static final Integration EDITS = () -> true;

  private final Faults faults = new Faults();

  private Routing read(String yaml) {
    Section top = Yaml.parse(Path.of("c.yaml"), yaml, Map.of(), faults);
    Integration.Reader reader =
        section -> {
          section.string("webhook_url");
          section.end();
          return EDITS;
        };
    Routing routing = Routing.read(top, Map.of("discord_configs", reader), OTHERWISE);
    top.end();
    return routing;
  }

  private static final String TREE =
      """
      route:
        receiver: all
        group_by: [alertname]
        group_wait: 10s
        repeat_interval: 3h
        routes:
          - match: {team: db}
            receiver: db
            continue: true
          - match_re: {team: "db|web"}
            receiver: web
            group_by: ['...']
            group_interval: 1m
            routes:
              - matchers: [severity="critical", 'node!~"test.*"']
                receiver: pager
          - matchers: '{team="none"}'
            receiver: nobody
      receivers:
        - name: all
          discord_configs: [{webhook_url: x}]
        - name: db
        - name: web
        - name: pager
        - name: nobody
      """;

  @ParameterizedTest
  @CsvSource({
    "team=x, all",
    "team=db, db web",
    "team=web, web",
    "team=web severity=critical, pager",
    "team=web severity=critical node=test1, web",
    "team=db severity=critical, db pager",
    "team=none, nobody",
    "a=b, all"
  })
  void givenTree_whenAlertComes_thenTheReceiversThatAlertmanagerWouldTell(
      String labels, String told) {
    Routing routing = read(TREE);
    assertThat(faults.all()).isEmpty();
    Labels.Builder alert = new Labels.Builder();
    for (String pair : labels.split(" ", -1)) {
      alert.set(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
    }

    assertThat(routing.receiversOf(alert.build())).containsExactly(told.split(" ", -1));
  }

  @Test
  void givenTree_whenRead_thenRoutesInheritAndReceiversAreThere() {
    Routing routing = read(TREE);
    Route root = routing.root();
    Route web = root.routes().get(1);
    Route pager = web.routes().get(0);

    assertThat(root.groupBy()).isEqualTo(Set.of("alertname"));
    assertThat(root.routes().get(0).groupBy()).isEqualTo(Set.of("alertname"));
    assertThat(web.groupBy()).isNull();
    assertThat(pager.groupBy()).isNull();
    assertThat(pager.groupWait()).isEqualTo(Duration.ofSeconds(10));
    assertThat(pager.groupInterval()).isEqualTo(Duration.ofMinutes(1));
    assertThat(root.groupInterval()).isNull();
    assertThat(pager.repeatInterval()).isEqualTo(Duration.ofHours(3));
    assertThat(pager.id())
        .isEqualTo("{}/[team=~\"db|web\"]/[severity=\"critical\", node!~\"test.*\"]");
    assertThat(routing.receivers().get("all").integrations()).containsExactly(EDITS);
    assertThat(routing.receivers().get("db").integrations()).isEmpty();
  }

  @Test
  void givenNeitherRouteNorReceivers_whenRead_thenAllGoesToTheOtherOneByNameAndNode() {
    Routing routing = read("");

    assertThat(routing.receiversOf(Labels.of("a", "b"))).containsExactly("terminal");
    assertThat(routing.root().groupBy()).isEqualTo(Set.of("alertname", "node"));
  }

  @Test
  void givenOneReceiverAndNoRoute_whenRead_thenAllGoesToIt() {
    Routing routing = read("receivers: [{name: only}]");

    assertThat(faults.all()).isEmpty();
    assertThat(routing.receiversOf(Labels.of("a", "b"))).containsExactly("only");
  }

  @Test
  void givenRouteWithoutGroupBy_whenRead_thenOneGroupAsInAlertmanager() {
    assertThat(read("{route: {receiver: a}, receivers: [{name: a}]}").root().groupBy()).isEmpty();
  }

  @Test
  void givenTwinRoutes_whenRead_thenTheirGroupsHaveKeysOfTheirOwn() {
    Route root =
        read("{route: {receiver: a, routes: [{match: {x: y}}, {match: {x: y}}]},"
                + " receivers: [{name: a}]}")
            .root();

    assertThat(root.routes().get(0).id()).isNotEqualTo(root.routes().get(1).id());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{route: {receiver: a, group_waits: 1s}, receivers: [{name: a}]}"
            + "; 1:23: unknown key \"group_waits\" in route, did you mean \"group_wait\"?",
        "{route: {receiver: b}, receivers: [{name: a}]}"
            + "; 1:10: receiver \"b\" is not in receivers",
        "{route: {group_wait: 1s}, receivers: [{name: a}]}; 1:9: route needs a receiver",
        "{route: {receiver: a, matchers: [x=y]}, receivers: [{name: a}]}"
            + "; 1:23: matchers can't stand in the first route: it takes every alert",
        "{route: {receiver: a, routes: [{matchers: ['x=~(']}]}, receivers: [{name: a}]}"
            + "; 1:33: bad regular expression \"(\": missing closing )",
        "{route: {receiver: a, group_by: ['...', b]}, receivers: [{name: a}]}"
            + "; 1:23: group_by: '...' means all labels and stands alone",
        "{route: {receiver: a, group_by: [b, b]}, receivers: [{name: a}]}"
            + "; 1:23: group_by names a label twice",
        "{route: {receiver: a, group_wait: 4hh}, receivers: [{name: a}]}"
            + "; 1:35: group_wait \"4hh\" is not a duration, write 30s, 5m or 1h30m",
        "{route: {receiver: a, group_interval: 0s}, receivers: [{name: a}]}"
            + "; 1:23: group_interval must be between 1s and 1y",
        "{route: {receiver: a, routes: [{mute_time_intervals: [x]}]}, receivers: [{name: a}]}"
            + "; 1:33: time interval \"x\" is not in time_intervals",
        "{route: {receiver: a}, receivers: [{name: a, slack_configs: [{}]}]}"
            + "; 1:46: slack_configs is not supported, write discord_configs (a webhook can bridge to"
            + " others)",
        "{route: {receiver: a}, receivers: [{name: a}, {name: a}]}"
            + "; 1:48: receiver \"a\" is there twice",
        "receivers: [{name: a}, {name: b}]"
            + "; 1:1: several receivers and no route: add route: {receiver: NAME}",
        "{route: {receiver: a}, receivers: [{name: a, discord_configs: [{webhok_url: x}]}]}"
            + "; 1:65: unknown key \"webhok_url\" in receivers[0].discord_configs[0], did you mean"
            + " \"webhook_url\"?"
      })
  void givenFault_whenRead_thenSaidWhereAndWhat(String yaml, String fault) {
    read(yaml);

    assertThat(faults.all())
        .anySatisfy(found -> assertThat(found.replace("; ", ", ")).isEqualTo("c.yaml:" + fault));
  }
}
