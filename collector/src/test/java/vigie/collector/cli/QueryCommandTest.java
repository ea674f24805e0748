package vigie.collector.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class QueryCommandTest {
  @Test
  void givenPoints_whenPrinted_thenHistogramsAreTheirCountSumAndBuckets() throws Exception {
    ObjectMapper json = new ObjectMapper();

    assertThat(QueryCommand.text(json.readTree("[1.5, \"42\"]"))).isEqualTo("42");
    assertThat(
            QueryCommand.text(
                json.readTree(
                    "[1, {\"count\":\"7\",\"sum\":\"5\",\"buckets\":[[1,\"-2\",\"-1\",\"1\"],"
                        + "[3,\"-0.1\",\"0.1\",\"2\"],[0,\"1\",\"2\",\"4\"]]}]")))
        .isEqualTo("count:7 sum:5 [-2,-1):1 [-0.1,0.1]:2 (1,2]:4");
  }
}
