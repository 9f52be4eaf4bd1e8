using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A device with a key, a certificate and a count of its reports.</summary>
internal sealed class SimulatedDevice
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private ServerUnderTest _server;
    private readonly Dictionary<ServerUnderTest, HttpClient> _clients = [];

    public SimulatedDevice(ServerUnderTest server, string name, Func<ECDsa, X509Certificate2>? certificate = null)
    {
        _server = server;
        Name = name;
        Certificate = (certificate ?? (key => ServerUnderTest.DeviceCa.IssueDevice(name, key)))(_key);
        PublicKey = VerificationKey.FromSubjectPublicKeyInfo(_key.ExportSubjectPublicKeyInfo());
    }

    public string Name { get; }

    public X509Certificate2 Certificate { get; }

    public VerificationKey PublicKey { get; }

    public long Ordinal { get; set; }

    /// <summary>The release it runs for good.</summary>
    public Sha256Digest Running { get; set; } = Sha256Digest.Of("factory"u8);

    /// <summary>What it was offered last.</summary>
    public IReadOnlyList<OfferedDelta> Deltas { get; private set; } = [];

    /// <summary>Where it was told that content can be had without the server.</summary>
    public IReadOnlyList<ContentSource> Sources { get; private set; } = [];

    /// <summary>Connects anew, after the server was restarted.</summary>
    public void Reconnect() => _clients.Clear();

    /// <summary>Goes to another server from now on.</summary>
    public SimulatedDevice At(ServerUnderTest server)
    {
        _server = server;
        return this;
    }

    public DeviceReport Report(ReportState state = ReportState.Idle, string? deployment = null, Sha256Digest? manifest = null) =>
        SampleReports.Of(Name, state, deployment, manifest ?? Running, ++Ordinal);

    public byte[] Sign(DeviceReport report) => VerifiedReport.Sign(report, PublicKey, input => _key.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));

    public async Task<HttpResponseMessage> PostAsync(byte[] signed, string type = "application/cose")
    {
        if (!_clients.TryGetValue(_server, out HttpClient? client))
        {
            client = _clients[_server] = _server.Client(Certificate);
        }

        using ByteArrayContent content = new(signed);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return await client.PostAsync("/api/v1/check-in", content);
    }

    /// <summary>Checks in, with success, and gives the assignment.</summary>
    public async Task<Assignment?> CheckInAsync(ReportState state = ReportState.Idle, string? deployment = null, Sha256Digest? manifest = null) => await CheckInAsync(Report(state, deployment, manifest));

    public async Task<Assignment?> CheckInAsync(DeviceReport report)
    {
        using HttpResponseMessage response = await PostAsync(Sign(report));
        byte[] body = await response.Content.ReadAsByteArrayAsync();
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), System.Text.Encoding.UTF8.GetString(body));
        Assert.That((response.Content.Headers.ContentType?.ToString(), response.Headers.CacheControl?.NoStore), Is.EqualTo(("application/json", true)));
        CheckInAnswer answer = CheckInAnswer.Decode(body).OrThrow();
        Assert.That(answer.NextCheckIn, Is.EqualTo(TimeSpan.FromSeconds(5)));
        (Deltas, Sources) = (answer.Deltas, answer.Sources);
        return answer.Assignment;
    }
}
