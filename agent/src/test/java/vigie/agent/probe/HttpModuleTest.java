package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;

class HttpModuleTest {
  @Test
  void givenSecretsInEveryPlace_whenTheModuleIsShown_thenNoneIsSeen() {
    Faults faults = new Faults();
    Section section =
        Yaml.parse(
            Path.of("agent.yaml"),
            """
            headers: {Authorization: Bearer hush1, X-Key: hush2}
            http_headers: {X-Other: {values: [hush3], secrets: [hush4]}}
            body: token=hush5
            """,
            Map.of(),
            faults);
    HttpModule headers = HttpModule.read(section);
    HttpModule password =
        HttpModule.read(
            Yaml.parse(
                Path.of("agent.yaml"),
                "basic_auth: {username: u, password: hush6}\n",
                Map.of(),
                faults));
    assertThat(faults.all()).isEmpty();
    assertThat(headers + ModuleText.of(headers) + password + ModuleText.of(password))
        .contains("Authorization", "X-Key", "X-Other")
        .doesNotContain("hush");
  }
}
