using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Identity;

/// <summary>How a device comes to its next certificate (docs/spec/device-identity.md). The server and the authority behind it say what a test wants.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RenewalTests : IDisposable
{
    private readonly CertifiedDevice _device = new();

    public void Dispose() => _device.Dispose();

    // 30 days and an hour: two thirds are over at 19 days, 23 hours and 40 minutes on the device's clock.
    [TestCase("19.23:39:59", 0)]
    [TestCase("19.23:40:00", 1)]
    [TestCase("40.00:00:00", 1)]
    [Proves("I-3")]
    public async Task Device_asks_from_two_thirds_of_the_life_on_and_also_when_it_is_over(string after, int requests)
    {
        After(TimeSpan.Parse(after));
        await _device.RunAsync();
        Assert.That((_device.Est.Requests.Count, _device.Status.IsPending), Is.EqualTo((requests, requests == 1)));
    }

    [Test]
    [Proves("I-4")]
    public async Task Request_has_the_subject_and_the_key_of_the_certificate_and_is_repeated_as_it_is()
    {
        AtTwoThirds();
        await _device.RunAsync();
        After(TimeSpan.FromDays(22));
        await _device.RunAsync();
        CertificateRequest request = CertificateRequest.LoadSigningRequest(_device.Est.Requests[0], HashAlgorithmName.SHA256, out _);
        Assert.That(request.SubjectName.RawData, Is.EqualTo(_device.First.SubjectName.RawData));
        Assert.That(request.PublicKey.ExportSubjectPublicKeyInfo(), Is.EqualTo(_device.Key.PublicKey.SubjectPublicKeyInfo.ToArray()));
        Assert.That(_device.Est.Requests, Has.Count.EqualTo(2));
        Assert.That(_device.Est.Requests[1], Is.EqualTo(_device.Est.Requests[0]));
    }

    [Test]
    [Proves("I-4")]
    public async Task A33_Request_that_was_never_sent_is_sent_as_it_was_kept()
    {
        AtTwoThirds();
        _device.Est.Answer = static _ => throw new HttpRequestException("no route");
        await _device.RunAsync();
        Assert.That(_device.Log.All[^1], Does.StartWith("waiting: certificate: POST /.well-known/est/simplereenroll: "));
        _device.Est.Answer = static _ => EstAuthority.Wait(60);
        await _device.RunAsync();
        Assert.That(_device.Est.Requests[1], Is.EqualTo(_device.Est.Requests[0]));
    }

    [TestCase(7200, 7200)]
    [TestCase(null, 3600)]
    [TestCase(1_000_000_000, 604_800)]
    [Proves("I-5")]
    public async Task Server_is_not_asked_again_before_the_time_that_it_named(int? named, int kept)
    {
        AtTwoThirds();
        _device.Est.Answer = _ => EstAuthority.Wait(named);
        CertificateRenewal renewal = _device.Start();
        await renewal.RunAsync(CancellationToken.None);
        _device.Clock.Now = _device.Clock.Now.AddSeconds(kept - 1);
        await renewal.RunAsync(CancellationToken.None);
        await _device.RunAsync(); // also after a restart
        Assert.That(_device.Est.Requests, Has.Count.EqualTo(1));
        _device.Clock.Now = _device.Clock.Now.AddSeconds(1);
        await renewal.RunAsync(CancellationToken.None);
        Assert.That(_device.Est.Requests, Has.Count.EqualTo(2));
    }

    [Test]
    [Proves("I-5")]
    public async Task Wait_that_a_wrong_clock_wrote_down_does_not_last()
    {
        After(TimeSpan.FromDays(3650));
        await _device.RunAsync();
        AtTwoThirds();
        await _device.RunAsync();
        Assert.That(_device.Est.Requests, Has.Count.EqualTo(2));
    }

    [Test]
    [Proves("I-8")]
    public async Task What_the_authority_said_stands_in_the_log()
    {
        AtTwoThirds();
        _device.Est.Answer = _ => EstAuthority.Refuse(HttpStatusCode.Forbidden, """{"title":"Forbidden","reason":"RenewalRefused","detail":"device pump-0001: wanted its key"}""");
        await _device.RunAsync();
        Assert.That(_device.Log.All[^1], Is.EqualTo("refused: RenewalRefused: simplereenroll: wanted a new certificate, got 403 RenewalRefused: device pump-0001: wanted its key"));
    }

    [TestCase(HttpStatusCode.Forbidden)]
    [TestCase(HttpStatusCode.Unauthorized)]
    [TestCase(HttpStatusCode.NotFound)]
    [Proves("I-5", "I-8")]
    public async Task Refusal_is_said_and_the_server_is_left_alone_for_an_hour(HttpStatusCode status)
    {
        AtTwoThirds();
        _device.Est.Answer = _ => EstAuthority.Refuse(status, "device pump-0001: wanted one that was certified before\nwaiting: forged");
        await _device.RunAsync();
        Assert.That(_device.Log.All[^1], Does.StartWith($"refused: RenewalRefused: simplereenroll: wanted a new certificate, got {(int)status} device pump-0001").And.Not.Contains("\n"));
        _device.Clock.Now = _device.Clock.Now.AddMinutes(59);
        await _device.RunAsync();
        Assert.That(_device.Est.Requests, Has.Count.EqualTo(1));
        _device.Clock.Now = _device.Clock.Now.AddMinutes(1);
        await _device.RunAsync();
        Assert.That(_device.Est.Requests, Has.Count.EqualTo(2));
    }

    [Test]
    [Proves("I-6", "I-7")]
    public async Task New_certificate_takes_the_place_of_the_old_one()
    {
        AtTwoThirds();
        await _device.RunAsync();
        After(TimeSpan.FromDays(21));
        using X509Certificate2 next = _device.Next();
        _device.Est.Answer = _ => EstAuthority.Issue(next);
        await _device.RunAsync();
        Assert.That(_device.Certificate.RawData, Is.EqualTo(next.RawData));
        Assert.That((_device.Status.IsPending, _device.Log.All[^1]), Is.EqualTo((false, $"certificate: renewed, ends on {next.NotAfter.ToUniversalTime():u}")));
        await _device.RunAsync();
        Assert.That(_device.Est.Requests, Has.Count.EqualTo(2));
    }

    [Test]
    [Proves("I-6")]
    public async Task Device_whose_clock_is_behind_takes_the_certificate_all_the_same()
    {
        AtTwoThirds();
        using X509Certificate2 next = _device.Est.Certify(_device.First.SubjectName, CertifiedDevice.PublicKeyOf(_device.Key), _device.Clock.Now.AddDays(3), _device.Clock.Now.AddDays(33));
        _device.Est.Answer = _ => EstAuthority.Issue(next);
        await _device.RunAsync();
        Assert.That(_device.Certificate.RawData, Is.EqualTo(next.RawData));
    }

    [TestCase("another key", "ForeignCertificate: new certificate: wanted one for the device's key")]
    [TestCase("another name", "ForeignCertificate: new certificate: wanted the subject ")]
    [TestCase("for servers", "ForeignCertificate: new certificate: wanted one for client authentication")]
    [TestCase("a CA's", "ForeignCertificate: new certificate: wanted one for client authentication")]
    [TestCase("over", "CertificateExpired: new certificate: wanted one that is good after ")]
    [TestCase("the old one", "ForeignCertificate: new certificate: wanted one that ends later than ")]
    [TestCase("another authority", "ForeignCertificate: new certificate: wanted one by an authority that this device knows")]
    [TestCase("two", "LimitExceeded: simplereenroll: wanted one certificate")]
    [TestCase("noise", "Malformed: certificates: wanted base64 of a CMS message")]
    [Proves("I-6", "I-8")]
    public async Task P5_A52_Certificate_that_would_lock_the_device_out_is_not_taken(string what, string reason)
    {
        AtTwoThirds();
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using EstAuthority other = new(_device.Clock.Now);
        DateTimeOffset begin = _device.Clock.Now.AddHours(-1), end = _device.Clock.Now.AddDays(30);
        PublicKey key = CertifiedDevice.PublicKeyOf(_device.Key);
        _device.Est.Answer = _ => what switch
        {
            "another key" => EstAuthority.Issue(_device.Est.Certify(_device.First.SubjectName, new PublicKey(stranger), begin, end)),
            "another name" => EstAuthority.Issue(_device.Est.Certify(new X500DistinguishedName("OU=infusion-pump, CN=pump-0002"), key, begin, end)),
            "for servers" => EstAuthority.Issue(_device.Est.Certify(_device.First.SubjectName, key, begin, end, "1.3.6.1.5.5.7.3.1")),
            "a CA's" => EstAuthority.Issue(_device.Est.Certify(_device.First.SubjectName, key, begin, end, isAuthority: true)),
            "over" => EstAuthority.Issue(_device.Est.Certify(_device.First.SubjectName, key, begin, _device.Clock.Now.AddMinutes(-1))),
            "the old one" => EstAuthority.Issue(_device.First),
            "another authority" => EstAuthority.Issue(other.Certify(_device.First.SubjectName, key, begin, end)),
            "two" => EstAuthority.Issue(_device.Next(), _device.First),
            _ => EstAuthority.Refuse(HttpStatusCode.OK, "noise"),
        };
        await _device.RunAsync();
        Assert.That(_device.Log.All[^1], Does.StartWith("refused: " + reason));
        Assert.That(_device.Certificate.RawData, Is.EqualTo(_device.First.RawData));

        using X509Certificate2 next = _device.Next(end.AddDays(1));
        _device.Est.Answer = _ => EstAuthority.Issue(next);
        _device.Clock.Now = _device.Clock.Now.AddHours(1);
        await _device.RunAsync();
        Assert.That(_device.Certificate.RawData, Is.EqualTo(next.RawData), "a right one is taken later");
        Assert.That(_device.Est.Requests[1], Is.Not.EqualTo(_device.Est.Requests[0]), "and asked for anew");
    }

    [Test]
    [Proves("I-6")]
    public async Task P5_A52_Authority_that_only_calls_itself_so_is_not_believed()
    {
        // It even names its key as the device's certificate names that of its authority.
        AtTwoThirds();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest own = new("CN=Device CA", key, HashAlgorithmName.SHA256);
        own.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        own.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(_device.Est.Certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.Span, critical: false));
        using X509Certificate2 forged = own.CreateSelfSigned(_device.Clock.Now.AddYears(-1), _device.Clock.Now.AddYears(1));
        _device.Est.Authorities = [forged];
        _device.Est.Answer = _ => EstAuthority.Issue(new CertificateRequest(_device.First.SubjectName, CertifiedDevice.PublicKeyOf(_device.Key), HashAlgorithmName.SHA256)
        {
            CertificateExtensions = { new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: true) },
        }.Create(forged, _device.Clock.Now.AddHours(-1), _device.Clock.Now.AddDays(30), [0x40, 1]));
        await _device.RunAsync();
        Assert.That(_device.Log.All[^1], Does.StartWith("refused: ForeignCertificate: cacerts: wanted the authority that issued this device's certificate, got others"));
        Assert.That(_device.Certificate.RawData, Is.EqualTo(_device.First.RawData));
    }

    [Test]
    [Proves("I-6")]
    public async Task Authority_that_names_its_key_in_another_way_has_to_be_configured()
    {
        DateTimeOffset now = _device.Clock.Now;
        using CertifiedDevice device = new(new EstAuthority(now, X509SubjectKeyIdentifierHashAlgorithm.Sha1));
        device.Clock.Now = now.AddDays(20);
        using X509Certificate2 next = device.Next();
        device.Est.Answer = _ => EstAuthority.Issue(next);
        await device.RunAsync();
        Assert.That(device.Log.All[^1], Does.Contain("set deviceCa"));

        await File.WriteAllTextAsync(device.PathOf("device-ca.pem"), device.Est.Certificate.ExportCertificatePem());
        device.Clock.Now = device.Clock.Now.AddHours(1);
        await device.RunAsync(device.PathOf("device-ca.pem"));
        Assert.That(device.Certificate.RawData, Is.EqualTo(next.RawData));
    }

    [Test]
    [Proves("I-6")]
    public async Task Configured_authorities_alone_count_where_there_are_some()
    {
        AtTwoThirds();
        using EstAuthority other = new(_device.Clock.Now);
        await File.WriteAllTextAsync(_device.PathOf("device-ca.pem"), other.Certificate.ExportCertificatePem());
        _device.Est.Answer = _ => EstAuthority.Issue(_device.Next());
        await _device.RunAsync(_device.PathOf("device-ca.pem"));
        Assert.That(_device.Log.All[^1], Does.Contain("wanted one by an authority that this device knows"));
    }

    [Test]
    [Proves("I-7")]
    public async Task P3_A33_Power_cut_at_every_write_leaves_the_old_certificate_or_the_new_one()
    {
        int operations = await CountAsync(_device);
        Assert.That(operations, Is.GreaterThanOrEqualTo(3), "the request, the certificate, and that nothing is pending");
        foreach (PowerCut flavour in Enum.GetValues<PowerCut>())
        {
            for (int cut = 0; cut < operations; cut++)
            {
                using CertifiedDevice device = new();
                device.Power.CutAt = cut;
                device.Power.Flavour = flavour;
                Assert.That(() => CountAsync(device), Throws.TypeOf<PowerCutException>());
                device.Power.Restore();
                Assert.That(device.Certificate.NotAfter, Is.AnyOf(device.First.NotAfter, device.First.NotAfter.AddDays(20)), $"{flavour} {cut}");
                await device.RunAsync();
                Assert.That((device.Certificate.NotAfter, device.Status.IsPending), Is.EqualTo((device.First.NotAfter.AddDays(20), false)), $"{flavour} {cut}");
            }
        }

        static async Task<int> CountAsync(CertifiedDevice device)
        {
            device.Clock.Now = device.Clock.Now.AddDays(20);
            device.Est.Answer = _ => EstAuthority.Issue(device.Next());
            await device.RunAsync();
            return device.Power.Operations;
        }
    }

    [Test]
    [Proves("I-8")]
    public async Task Disk_or_key_that_fails_does_not_end_the_agent()
    {
        AtTwoThirds();
        using X509Certificate2 next = _device.Next();
        _device.Est.Answer = _ => EstAuthority.Issue(next);
        await _device.RunAsync(_device.PathOf("nowhere.pem"));
        Assert.That(_device.Log.All[^1], Does.StartWith("waiting: certificate: not renewed: "));
        Directory.CreateDirectory(_device.PathOf("device/identity/certificate.pem.new"));
        await _device.RunAsync();
        Assert.That(_device.Log.All[^1], Does.StartWith("waiting: certificate: not renewed: "));
        Assert.That(_device.Certificate.RawData, Is.EqualTo(_device.First.RawData));
    }

    [Test]
    [Proves("I-7")]
    public async Task Of_file_and_renewal_the_one_that_ends_later_counts_and_a_file_for_another_key_always()
    {
        await New_certificate_takes_the_place_of_the_old_one();
        X509Certificate2 renewed = _device.Certificate;
        using X509Certificate2 later = _device.Next(_device.Clock.Now.AddDays(60));
        await File.WriteAllTextAsync(_device.CertificateFile, later.ExportCertificatePem());
        Assert.That(_device.Certificate.RawData, Is.EqualTo(later.RawData));

        using ECDsa remade = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 another = _device.Est.Certify(_device.First.SubjectName, new PublicKey(remade), _device.Clock.Now.AddHours(-1), _device.Clock.Now.AddDays(1));
        await File.WriteAllTextAsync(_device.CertificateFile, another.ExportCertificatePem());
        Assert.That(_device.Certificate.RawData, Is.EqualTo(another.RawData));

        await File.WriteAllTextAsync(_device.CertificateFile, "torn");
        Assert.That(_device.Certificate.RawData, Is.EqualTo(renewed.RawData));
    }

    private void After(TimeSpan time) => _device.Clock.Now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) + time;

    private void AtTwoThirds() => After(TimeSpan.FromDays(20));
}
