using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.Keys;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>A device with a certificate of 30 days, which began an hour before its clock did, and power that may fail.</summary>
internal sealed class CertifiedDevice : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-certified-");
    private readonly HttpClient _http;

    public CertifiedDevice(EstAuthority? authority = null)
    {
        Key = UnsafeFileDeviceKey.Enrol(PathOf("key.pem"));
        Est = authority ?? new EstAuthority(Clock.Now);
        X500DistinguishedNameBuilder subject = new();
        subject.AddOrganizationalUnitName("infusion-pump");
        subject.AddCommonName("pump-0001");
        First = Est.Certify(subject.Build(), PublicKeyOf(Key), Clock.Now.AddHours(-1), Clock.Now.AddDays(30));
        File.WriteAllText(CertificateFile, First.ExportCertificatePem());
        Store = new PoweredStore(PathOf("device"), Power);
        _http = new HttpClient(Est);
    }

    public StandingClock Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public PowerSupply Power { get; } = new();

    public PoweredStore Store { get; }

    public EstAuthority Est { get; }

    public UnsafeFileDeviceKey Key { get; }

    public X509Certificate2 First { get; }

    public Lines Log { get; } = new();

    public string CertificateFile => PathOf("device.pem");

    /// <summary>The certificate that a start of the agent would use.</summary>
    public X509Certificate2 Certificate => new DeviceCertificateStore(CertificateFile, Store).Current;

    public CertificateStatus Status => CertificateStatus.Read(CertificateFile, Store)!;

    public static PublicKey PublicKeyOf(IDeviceKey key) => PublicKey.CreateFromSubjectPublicKeyInfo(key.PublicKey.SubjectPublicKeyInfo.Span, out _);

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>The next certificate, as it should be.</summary>
    public X509Certificate2 Next(DateTimeOffset? end = null) => Est.Certify(First.SubjectName, PublicKeyOf(Key), Clock.Now.AddHours(-1), end ?? Clock.Now.AddDays(30));

    /// <summary>Starts the agent's part anew, as after a restart.</summary>
    public CertificateRenewal Start(string? authorities = null, DeviceCertificateStore? certificates = null) => new(new RenewalParts
    {
        Certificates = certificates ?? new DeviceCertificateStore(CertificateFile, Store),
        Key = Key,
        Store = Store,
        Http = _http,
        Server = new Uri("https://fleet.example/"),
        AuthoritiesFile = authorities,
        Time = Clock,
        Log = Log,
    });

    public Task RunAsync(string? authorities = null) => Start(authorities).RunAsync(CancellationToken.None);

    public void Dispose()
    {
        _http.Dispose();
        Key.Dispose();
        _folder.Delete(recursive: true);
    }
}

/// <summary>A clock that stands until it is set.</summary>
internal sealed class StandingClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
