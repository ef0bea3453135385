import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Counts by key in tumbling windows of a minute, in one stream thread, and prints the rate.
 *
 * <p>The key is the theme and the record's timestamp the event's time, so nothing needs to be partitioned anew. State is
 * in RocksDB with a changelog, as it is by default and as a worker's is; a cache of 64 MiB keeps most updates from both,
 * and a commit every 5 s, the interval of our checkpoints, empties it.
 */
public final class WindowedCount {
    private static final double WARM = 0.05;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final long count;
    private long seen;
    private long from;
    private long began;

    private WindowedCount(long count) {
        this.count = count;
    }

    public static void main(String[] arguments) {
        new WindowedCount(Long.parseLong(arguments[2])).run(arguments[0], arguments[1], arguments[3]);
    }

    private void run(String bootstrap, String topic, String folder) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "kafka-streams-" + System.nanoTime());
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 5000);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L << 20);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);

        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(topic, Consumed.with(Serdes.String(), Serdes.ByteArray()))
            .mapValues(this::theme)
            .groupByKey(Grouped.with(Serdes.String(), Serdes.String()))
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMinutes(1), Duration.ofMinutes(15)))
            .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("counts"));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        streams.start();
    }

    private String theme(byte[] value) {
        String theme;
        try {
            theme = JSON.readTree(value).get("theme").asText();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        seen++;
        if (began == 0 && seen >= WARM * count) {
            began = System.nanoTime();
            from = seen;
        }
        if (seen >= count) {
            System.out.printf("%nRATE %.0f%n", (seen - from) * 1e9 / (System.nanoTime() - began));
            System.out.flush();
            // What is left to write is no part of it.
            Runtime.getRuntime().halt(0);
        }
        return theme;
    }
}
