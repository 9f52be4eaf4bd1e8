using System.Diagnostics;
using System.Net.Security;
using System.Security.Cryptography;
using System.Text;
using Fota.Interop.Posix;
using Fota.UpdateServer.Configuration;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Fota.UpdateServer.Telemetry;

/// <summary>Sends metrics, traces and logs to a collector. What cannot be sent is dropped: a collector that is away stops no device.</summary>
internal sealed class TelemetryExport : IDisposable
{
    private const string ServiceName = "fota-server";

    private static readonly string[] s_meters = [ServerMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting", "System.Runtime", "Npgsql"];
    private static readonly string[] s_sources = ["Microsoft.AspNetCore", "Npgsql"];

    private readonly MeterProvider _metrics;
    private readonly TracerProvider _traces;

    /// <param name="settings">Where to.</param>
    /// <param name="server">This server's name among others.</param>
    /// <exception cref="ConfigurationException">A file is not what it should be.</exception>
    /// <exception cref="PrivateFileException">The header is not kept like a secret.</exception>
    public TelemetryExport(TelemetrySettings settings, string server)
    {
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(ResourceOf(server)).AddMeter(s_meters)
            .AddOtlpExporter((exporter, reader) =>
            {
                Point(exporter, settings, "metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)settings.Every.TotalMilliseconds;
            }).Build();
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(ResourceOf(server)).AddSource(s_sources)
            .SetSampler(OwnDraw(settings.TracePercent / 100.0)).AddProcessor(new NamelessSpans())
            .AddOtlpExporter(exporter => Point(exporter, settings, "traces")).Build();
    }

    /// <summary>Has the framework say of each request what it was, in OpenTelemetry's words; it leaves that to a package of its own else. Before the server is built.</summary>
    public static void DescribeRequests() => AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

    /// <summary>Sends the log as well.</summary>
    public static void AddLogs(ILoggingBuilder logging, TelemetrySettings settings, string server) => logging.AddOpenTelemetry(log =>
    {
        log.SetResourceBuilder(ResourceOf(server)).AddOtlpExporter(exporter => Point(exporter, settings, "logs"));
        log.IncludeFormattedMessage = true;
    });

    public void Dispose()
    {
        _metrics.Dispose();
        _traces.Dispose();
    }

    /// <summary>By nothing that a request says of itself, its trace's id included: whoever asks would decide what is sent. What this server does for a request goes with the request.</summary>
    internal static ParentBasedSampler OwnDraw(double share)
    {
        Draw draw = new(share);
        return new ParentBasedSampler(draw, remoteParentSampled: draw, remoteParentNotSampled: draw);
    }

    private static ResourceBuilder ResourceOf(string server) =>
        ResourceBuilder.CreateEmpty().AddService(ServiceName, serviceVersion: typeof(TelemetryExport).Assembly.GetName().Version?.ToString(), autoGenerateServiceInstanceId: false, serviceInstanceId: server);

    private static void Point(OtlpExporterOptions exporter, TelemetrySettings settings, string signal)
    {
        string? header = settings.HeaderFile is { } file ? PrivateFile.Read(file, "telemetry.header", Encoding.UTF8.GetString) : null;
        string[]? parts = header?.Trim().Split(':', 2, StringSplitOptions.TrimEntries);
        if (parts is { Length: not 2 })
        {
            throw new ConfigurationException("telemetry.header: wanted a file with one line, Name: value, got something else");
        }

        SslClientAuthenticationOptions tls = settings.AuthorityFile is { } authority ? new() { CertificateChainPolicy = PemCertificates.TrustOnly(authority, "telemetry.authorities") } : new();
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri(settings.Otlp, $"v1/{signal}");
        exporter.HttpClientFactory = () =>
        {
            HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(10), SslOptions = tls }) { Timeout = TimeSpan.FromSeconds(10) };
            if (parts is [var name, var value])
            {
                client.DefaultRequestHeaders.Add(name, value);
            }

            return client;
        };
    }

    private sealed class Draw(double share) : Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            new(RandomNumberGenerator.GetInt32(int.MaxValue) < share * int.MaxValue ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
    }

    /// <summary>Takes out of a request what names devices and people: its path, of which the route says enough, and the program that asked.</summary>
    private sealed class NamelessSpans : BaseProcessor<Activity>
    {
        private static readonly string[] s_naming = ["url.path", "url.query", "user_agent.original"];

        public override void OnEnd(Activity data)
        {
            foreach (string tag in s_naming)
            {
                data.SetTag(tag, null);
            }
        }
    }
}
