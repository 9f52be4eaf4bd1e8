using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A device that asks for a new certificate.</summary>
internal sealed class RenewingDevice
{
    private readonly ServerUnderTest _server;
    private HttpClient? _client;

    public RenewingDevice(ServerUnderTest server, string name = "pump-0001", DateTimeOffset? end = null, string product = "infusion-pump")
    {
        _server = server;
        Certificate = ServerUnderTest.DeviceCa.Issue($"CN={name}, OU={product}", Key, TestCa.ClientAuthentication, end);
        Request = Make(Certificate.SubjectName, Key);
    }

    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public X509Certificate2 Certificate { get; }

    /// <summary>PKCS#10, DER.</summary>
    public byte[] Request { get; }

    /// <summary>What the server calls the request.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(Request));

    public static byte[] Make(X500DistinguishedName subject, ECDsa key) => new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSigningRequest();

    /// <summary>Connects anew, after the server was restarted or hung up.</summary>
    public void Reconnect() => _client = null;

    public Task<HttpResponseMessage> AskAsync() => AskAsync(Encoding.ASCII.GetBytes(Convert.ToBase64String(Request)));

    public async Task<HttpResponseMessage> AskAsync(byte[] body, string type = "application/pkcs10", string operation = "simplereenroll")
    {
        _client ??= _server.Client(Certificate);
        using ByteArrayContent content = new(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return await _client.PostAsync($"/.well-known/est/{operation}", content);
    }

    public async Task WaitsAsync()
    {
        using HttpResponseMessage response = await AskAsync();
        Assert.That((response.StatusCode, response.Headers.RetryAfter?.Delta), Is.EqualTo((HttpStatusCode.Accepted, (TimeSpan?)TimeSpan.FromHours(1))), await response.Content.ReadAsStringAsync());
    }

    /// <summary>What the device CA would make of it.</summary>
    public X509Certificate2 Renewed(ECDsa? key = null, string? subject = null, DateTimeOffset? end = null) =>
        ServerUnderTest.DeviceCa.Issue(subject ?? Certificate.Subject, key ?? Key, TestCa.ClientAuthentication, end);

    /// <summary>The authority answers.</summary>
    public async Task<HttpResponseMessage> IssueAsync(byte[] certificate)
    {
        using ByteArrayContent content = new(certificate);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/pkix-cert");
        return await _server.Operator.PostAsync($"/api/v1/enrolments/{Digest}/certificate", content);
    }
}
