namespace Fota.UpdateServer.Configuration;

/// <summary>Where metrics, traces and logs go: an OpenTelemetry collector, by OTLP over HTTP with protobuf (docs/runbooks/telemetry.md).</summary>
public sealed record TelemetrySettings
{
    /// <summary>The collector's address without a path, for example https://collector.example:4318; http to loopback alone.</summary>
    public required Uri Otlp { get; init; }

    /// <summary>File with one header that the collector wants, as `Name: value`, mode 0600; null for none.</summary>
    public string? HeaderFile { get; init; }

    /// <summary>PEM file of the CAs that vouch for the collector; null: those of the system.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>How often metrics are sent, 1 s to 1 hour.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Which share of the traces that begin here is sent, 0 to 100 percent.</summary>
    public int TracePercent { get; init; } = 1;

    /// <exception cref="ConfigurationException">A setting is out of range.</exception>
    internal void Validate()
    {
        if (!Otlp.IsAbsoluteUri || Otlp.PathAndQuery != "/" || !(Otlp.Scheme == Uri.UriSchemeHttps || (Otlp.Scheme == Uri.UriSchemeHttp && Otlp.IsLoopback)))
        {
            throw new ConfigurationException($"telemetry.otlp: wanted an https address without a path (http to loopback alone), got {Otlp}");
        }

        if (Every < TimeSpan.FromSeconds(1) || Every > TimeSpan.FromHours(1))
        {
            throw new ConfigurationException($"telemetry.everySeconds: wanted 1 to 3600, got {Every.TotalSeconds}");
        }

        if (TracePercent is < 0 or > 100)
        {
            throw new ConfigurationException($"telemetry.tracePercent: wanted 0 to 100, got {TracePercent}");
        }
    }
}
