package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequests;

class OpenHttpTest {
  private final OpenHttp open = new OpenHttp(request -> HttpAnswer.text(200, request.path()));

  private int status(String method, String path, String address) throws Exception {
    return open.begin(HttpRequests.of(method, path, address)).toCompletableFuture().join().status();
  }

  @Test
  void givenNoWebConfig_whenAnotherHostAsks_thenItGetsMetricsAndHealthOnly() throws Exception {
    for (String path : new String[] {"/metrics", "/-/healthy", "/-/ready"}) {
      assertThat(status("GET", path, "192.0.2.7")).isEqualTo(200);
    }
    for (String path :
        new String[] {"/api/v2/silences", "/-/reload", "/silence", "/graph", "/", "/metrics/"}) {
      assertThatThrownBy(() -> status("POST", path, "192.0.2.7"))
          .isInstanceOf(HttpFault.class)
          .hasMessageContaining("web_config_file");
    }
  }

  @Test
  void givenNoWebConfig_whenThisHostAsks_thenItGetsAll() throws Exception {
    assertThat(status("POST", "/api/v2/silences", "127.0.0.1")).isEqualTo(200);
    assertThat(status("GET", "/graph", "::1")).isEqualTo(200);
  }
}
