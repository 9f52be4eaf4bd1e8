using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>Device CAs that look alike: of one name and number, one below another, certified twice. Each vouches for its own products' devices, and takes back its own certificates.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LookAlikeAuthorityTests : IAsyncDisposable
{
    private const string Pump = "infusion-pump", Ventilator = "ventilator";

    private ServerUnderTest _server = null!;

    private DateTimeOffset Now => _server.Clock.Now;

    [SetUp]
    public async Task Start() => _server = await ServerUnderTest.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("U-41", "U-47")]
    public async Task A44_Of_two_authorities_with_one_name_and_one_number_each_has_devices_of_its_own_products_alone([Values] bool pumpsFirst)
    {
        TestCa pumps = new("CA", TestCa.Generate(), serial: [1]), ventilators = new("CA", TestCa.Generate(), serial: [1]);
        AuthoritySettings[] both = [Of("pumps", Pump, [pumps]), Of("ventilators", Ventilator, [ventilators])];
        await RestartAsync(pumpsFirst ? both : [.. both.Reverse()]);
        await IsSomebodyAsync(pumps.IssueDeviceByName, Pump);
        await IsSomebodyAsync(ventilators.IssueDeviceByName, Ventilator);
        await IsNobodyAsync(ventilators.IssueDeviceByName, Pump);
        await IsNobodyAsync(pumps.IssueDeviceByName, Ventilator);
        await IsNobodyAsync(new TestCa("CA", TestCa.Generate(), serial: [1]).IssueDeviceByName, Pump);
    }

    [Test]
    [Proves("U-41", "U-47")]
    public async Task A_device_of_either_key_of_an_authority_that_keeps_its_name_is_let_in()
    {
        TestCa before = new("CA", TestCa.Generate(), serial: [1]), after = new("CA", TestCa.Generate(), serial: [1]);
        await RestartAsync(Of("pumps", Pump, [before, after]));
        await IsSomebodyAsync(before.IssueDeviceByName, Pump);
        await IsSomebodyAsync(after.IssueDeviceByName, Pump);
    }

    [Test]
    [Proves("U-41", "U-47")]
    public async Task A44_An_authority_below_another_one_has_devices_of_its_own_products_alone()
    {
        TestCa root = new("Root", TestCa.Generate()), ventilators = new("Ventilators", TestCa.Generate(), root, depth: 0), unknown = new("Unknown", TestCa.Generate(), root, depth: 0);
        await RestartAsync(Of("root", Pump, [root]), Of("ventilators", Ventilator, [ventilators]));
        await IsSomebodyAsync(root.IssueDevice, Pump);
        await IsSomebodyAsync(ventilators.IssueDevice, Ventilator);
        await IsNobodyAsync(ventilators.IssueDevice, Pump);
        await IsNobodyAsync(root.IssueDevice, Ventilator);
        await IsNobodyAsync(unknown.IssueDevice, Pump);
        await IsNobodyAsync(unknown.IssueDevice, Ventilator);
    }

    [Test]
    [Proves("U-47")]
    public async Task A01_An_authority_below_one_that_is_not_registered_is_registered_by_itself_and_vouches_for_nothing_that_it_did_not_sign()
    {
        TestCa root = new("Root", TestCa.Generate()), pumps = new("Pumps", TestCa.Generate(), root, depth: 0);
        await RestartAsync(Of("pumps", Pump, [pumps]));
        await IsSomebodyAsync(pumps.IssueDevice, Pump);
        await IsSomebodyAsync(pumps.IssueDeviceByName, Pump);
        await IsNobodyAsync(root.IssueDevice, Pump);
        await IsNobodyAsync(new TestCa("Pumps", TestCa.Generate(), root, depth: 0).IssueDeviceByName, Pump);
        await IsNobodyAsync(new TestCa("Pumps", TestCa.Generate(), depth: 0).IssueDeviceByName, Pump);
    }

    [Test]
    [Proves("U-42", "U-47")]
    public async Task A44_What_is_above_an_authority_in_its_own_file_takes_it_back()
    {
        TestCa root = new("Root", TestCa.Generate()), pumps = new("Pumps", TestCa.Generate(), root, depth: 0);
        await ListAsync(pumps.Revoke(1, Now, Now.AddDays(30)), root.Revoke(1, Now, Now.AddDays(30)));
        await RestartAsync(Of("pumps", Pump, [pumps, root], "lists.crl"));
        await IsSomebodyAsync(pumps.IssueDevice, Pump);
        await ListAsync(pumps.Revoke(2, Now, Now.AddDays(30)), root.Revoke(2, Now, Now.AddDays(30), pumps.Certificate));
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        await IsNobodyAsync(pumps.IssueDevice, Pump);
    }

    [Test]
    [Proves("U-47")]
    public async Task A_cross_certified_authority_is_good_by_whichever_of_its_certificates_is()
    {
        ECDsa key = TestCa.Generate();
        TestCa root = new("Root", TestCa.Generate()), own = new("Pumps", key, depth: 0), crossed = new("Pumps", key, root, depth: 0);
        await ListAsync(own.Revoke(1, Now, Now.AddDays(30)), root.Revoke(1, Now, Now.AddDays(30), crossed.Certificate));
        await RestartAsync(Of("pumps", Pump, [crossed, root, own], "lists.crl"));
        await IsSomebodyAsync(own.IssueDevice, Pump);
        await RestartAsync(Of("crossed", Pump, [crossed, root], "lists.crl"));
        await IsNobodyAsync(own.IssueDevice, Pump);
    }

    [Test]
    [Proves("U-40")]
    public void A44_A_key_is_registered_once_under_whatever_name_and_however_it_is_spelled()
    {
        ECDsa key = TestCa.Generate();
        TestCa root = new("Root", TestCa.Generate()), own = new("Pumps", key), crossed = new("Pumps", key, root), renamed = new("Ventilators", key);
        foreach (AuthoritySettings other in (AuthoritySettings[])[Of("same", Ventilator, [own]), Of("crossed", Ventilator, [crossed, root]), Of("renamed", Ventilator, [renamed]), Compressed(key)])
        {
            Assert.That(() => RestartAsync(Of("pumps", Pump, [own]), other), Throws.TypeOf<ConfigurationException>().With.Message.Contains("wanted each authority once"), other.CertificatesFile);
        }

        AuthoritySettings Compressed(ECDsa key)
        {
            ECPoint point = key.ExportParameters(false).Q;
            byte[] compressed = [(byte)(2 + (point.Y![^1] & 1)), .. point.X!];
            PublicKey spelled = new(new Oid("1.2.840.10045.2.1"), new AsnEncodedData([0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]), new AsnEncodedData(compressed));
            CertificateRequest request = new(new X500DistinguishedName("CN=Compressed"), spelled, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            using X509Certificate2 certificate = request.Create(request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), Now.AddYears(-1), Now.AddYears(1), [7]);
            Assert.That(certificate.PublicKey.EncodedKeyValue.RawData, Is.EqualTo(compressed));
            File.WriteAllText(_server.PathOf("compressed.pem"), certificate.ExportCertificatePem());
            return new AuthoritySettings { CertificatesFile = _server.PathOf("compressed.pem"), Products = [Ventilator] };
        }
    }

    [Test]
    [Proves("U-42", "U-43")]
    public async Task A44_Of_two_authorities_with_one_name_each_takes_back_its_own_certificates_by_one_file_of_both_lists([Values] bool pumpsFirst)
    {
        TestCa pumps = new("CA", TestCa.Generate(), serial: [1]), ventilators = new("CA", TestCa.Generate(), serial: [1]);
        using ECDsa key = TestCa.Generate();
        using X509Certificate2 pump = pumps.IssueDevice("pump-0001", key);
        await BothAsync(1);
        await RestartAsync(Of("pumps", Pump, [pumps], "lists.crl"), Of("ventilators", Ventilator, [ventilators], "lists.crl"));
        await IsSomebodyAsync((_, _, _) => pump, Pump);
        await IsSomebodyAsync(ventilators.IssueDevice, Ventilator);
        await BothAsync(2, pump);
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        await IsNobodyAsync((_, _, _) => pump, Pump);
        await IsSomebodyAsync(ventilators.IssueDevice, Ventilator);
        Assert.That(_server.LogText.ToString(), Does.Not.Contain("A revocation list was not taken"));

        Task BothAsync(long number, params X509Certificate2[] takenBack)
        {
            string[] lists = [pumps.Revoke(number, Now, Now.AddDays(30), takenBack), ventilators.Revoke(number, Now, Now.AddDays(30))];
            return ListAsync(pumpsFirst ? lists : [.. lists.Reverse()]);
        }
    }

    [Test]
    [Proves("U-43")]
    public async Task A44_A_list_by_another_authority_of_the_same_name_takes_nothing_back()
    {
        TestCa pumps = new("CA", TestCa.Generate(), serial: [1]), ventilators = new("CA", TestCa.Generate(), serial: [1]);
        using ECDsa key = TestCa.Generate();
        using X509Certificate2 pump = pumps.IssueDevice("pump-0001", key);
        await ListAsync(pumps.Revoke(1, Now, Now.AddDays(30)), ventilators.Revoke(1, Now, Now.AddDays(30), pump));
        await RestartAsync(Of("pumps", Pump, [pumps], "lists.crl"), Of("ventilators", Ventilator, [ventilators], "lists.crl"));
        await IsSomebodyAsync((_, _, _) => pump, Pump);
        await ListAsync(ventilators.Revoke(2, Now, Now.AddDays(30)));
        Assert.That(() => RestartAsync(Of("pumps", Pump, [pumps], "lists.crl"), Of("ventilators", Ventilator, [ventilators], "lists.crl")), Throws.TypeOf<ConfigurationException>().With.Message.Contains("wanted"));
    }

    [Test]
    [Proves("U-43")]
    public async Task A_damaged_list_keeps_no_good_one_beside_it_from_counting_and_is_logged()
    {
        TestCa pumps = new("CA", TestCa.Generate(), serial: [1]);
        using ECDsa key = TestCa.Generate();
        using X509Certificate2 pump = pumps.IssueDevice("pump-0001", key);
        await ListAsync(pumps.Revoke(1, Now, Now.AddDays(30)));
        await RestartAsync(Of("pumps", Pump, [pumps], "lists.crl"));
        await ListAsync(new TestCa("CA").Revoke(9, Now, Now.AddDays(30)), pumps.Revoke(2, Now, Now.AddDays(30), pump));
        _server.Clock.Pass(TimeSpan.FromMinutes(1));
        await IsNobodyAsync((_, _, _) => pump, Pump);
        Assert.That(_server.LogText.ToString(), Does.Contain("A revocation list was not taken").And.Contain("wanted one that CN=CA signed, got another"));
    }

    private AuthoritySettings Of(string name, string product, IEnumerable<TestCa> certificates, params string[] crl)
    {
        File.WriteAllLines(_server.PathOf($"{name}.pem"), certificates.Select(static ca => ca.Certificate.ExportCertificatePem()));
        return new AuthoritySettings { CertificatesFile = _server.PathOf($"{name}.pem"), Products = [product], CrlFiles = [.. crl.Select(_server.PathOf)] };
    }

    private Task RestartAsync(params AuthoritySettings[] authorities) => _server.RestartAsync(change: s => s with { DeviceCaFile = null, DeviceCas = authorities });

    private Task ListAsync(params string[] lists) => File.WriteAllLinesAsync(_server.PathOf("lists.crl"), lists);

    private async Task IsSomebodyAsync(Func<string, ECDsa, string, X509Certificate2> issue, string product) => Assert.That(await AskAsync(issue, product), Is.True, $"{product}: wanted somebody");

    private async Task IsNobodyAsync(Func<string, ECDsa, string, X509Certificate2> issue, string product) => Assert.That(await AskAsync(issue, product), Is.False, $"{product}: wanted nobody");

    /// <summary>Whether a request with a certificate of its own is answered, by what it says of itself (400), and not for who sent it (401).</summary>
    private async Task<bool> AskAsync(Func<string, ECDsa, string, X509Certificate2> issue, string product)
    {
        using ECDsa key = TestCa.Generate();
        HttpClient client = _server.Client(issue($"{product}-0001", key, product));
        using ByteArrayContent content = new([0]);
        content.Headers.ContentType = new("application/cose");
        using HttpResponseMessage response = await client.PostAsync("/api/v1/check-in", content);
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => false,
            HttpStatusCode.BadRequest => true,
            HttpStatusCode other => throw new AssertionException($"{other}"),
        };
    }
}
