using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.TestKit;
using Fota.UpdateServer.Certificates;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>Lists that OpenSSL writes, and lists that are none.</summary>
public sealed class RevocationListTests
{
    private const string Settings = """
        [ca]
        default_ca = own
        [own]
        database = $ENV::FOLDER/index.txt
        crlnumber = $ENV::FOLDER/number
        default_md = sha384
        default_crl_days = 30
        [plain]
        database = $ENV::FOLDER/index.txt
        default_md = sha384
        default_crl_days = 30
        [whole]
        authorityKeyIdentifier = keyid
        [part]
        issuingDistributionPoint = critical, @users
        [users]
        onlyuser = TRUE
        """;

    private DirectoryInfo _folder = null!;
    private X509Certificate2 _authority = null!;

    [OneTimeSetUp]
    public void MakeAuthority()
    {
        _folder = Directory.CreateTempSubdirectory("fota-crl-");
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=RSA CA", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2060, 1, 1, 0, 0, 0, TimeSpan.Zero));
        File.WriteAllText(PathOf("ca.pem"), _authority.ExportCertificatePem());
        File.WriteAllText(PathOf("ca.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(PathOf("settings"), Settings);
        File.WriteAllText(PathOf("index.txt"), "R\t300101000000Z\t250101000000Z,keyCompromise\t00FFEE01\tunknown\t/CN=pump-0001\nR\t300101000000Z\t250101000000Z,certificateHold\t02\tunknown\t/CN=pump-0002\nV\t300101000000Z\t\t03\tunknown\t/CN=pump-0003\n");
        File.WriteAllText(PathOf("number"), "1F\n");
    }

    [OneTimeTearDown]
    public void Remove()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    [Test]
    [Proves("U-43")]
    public async Task A_list_of_openssl_takes_back_what_it_says_holds_included()
    {
        RevocationList list = RevocationList.Read(await ListAsync("whole"), _authority)!;
        Assert.That((list.Number, list.NextUpdate - list.ThisUpdate), Is.EqualTo((new System.Numerics.BigInteger(0x1f), TimeSpan.FromDays(30))));
        Assert.That((Contains(0xff, 0xee, 0x01), Contains(2), Contains(3)), Is.EqualTo((true, true, false)));

        bool Contains(params byte[] serial)
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            X509SignatureGenerator generator = X509SignatureGenerator.CreateForRSA(_authority.GetRSAPrivateKey()!, RSASignaturePadding.Pkcs1);
            byte[] positive = serial[0] >= 0x80 ? [0, .. serial] : serial;
            return list.Contains(new CertificateRequest("CN=pump", key, HashAlgorithmName.SHA256).Create(_authority.SubjectName, generator, new DateTimeOffset(_authority.NotBefore), new DateTimeOffset(_authority.NotAfter), positive));
        }
    }

    [Test]
    [Proves("U-43")]
    public async Task A_list_of_some_certificates_alone_is_refused_and_so_is_one_without_a_number()
    {
        byte[] part = await ListAsync("part"), old = await ListAsync(null, "plain");
        Assert.That(() => RevocationList.Read(part, _authority), Refused(RejectionReason.Unsupported));
        Assert.That(() => RevocationList.Read(old, _authority), Throws.TypeOf<RejectedException>().With.Matches<RejectedException>(static e => e!.Rejection.Reason is RejectionReason.Unsupported or RejectionReason.MissingField), "version 1, or version 2 without a number, as OpenSSL likes");
    }

    [Test]
    [Proves("U-43")]
    public async Task A23_Every_truncation_and_every_flipped_bit_of_a_list_is_refused_or_is_another_authoritys()
    {
        byte[] list = await ListAsync("whole");
        for (int length = 0; length < list.Length; length++)
        {
            Assert.That(() => RevocationList.Read(list.AsMemory(0, length), _authority), Throws.TypeOf<RejectedException>(), $"{length} bytes");
        }

        for (int bit = 0; bit < list.Length * 8; bit++)
        {
            byte[] flipped = [.. list];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(IsTaken(flipped), Is.False, $"bit {bit}");
        }

        bool IsTaken(byte[] encoded)
        {
            try
            {
                return RevocationList.Read(encoded, _authority) is not null;
            }
            catch (RejectedException)
            {
                return false;
            }
        }
    }

    [Test]
    [Proves("U-43")]
    public void A_list_signed_by_a_key_that_may_sign_none_is_refused()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=CA without lists", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        DateTimeOffset from = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using X509Certificate2 free = request.CreateSelfSigned(from, from.AddYears(20));
        byte[] list = new CertificateRevocationListBuilder().Build(free, 1, from.AddYears(1), HashAlgorithmName.SHA256, null, from);
        Assert.That(RevocationList.Read(list, free), Is.Not.Null);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using X509Certificate2 bound = request.CreateSelfSigned(from, from.AddYears(20));
        Assert.That(() => RevocationList.Read(list, bound), Refused(RejectionReason.SignatureInvalid));
    }

    private static NUnit.Framework.Constraints.Constraint Refused(RejectionReason reason) => Throws.TypeOf<RejectedException>().With.Matches<RejectedException>(e => e!.Rejection.Reason == reason);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private async Task<byte[]> ListAsync(string? extensions, string section = "own")
    {
        ProgramRun run = await ProgramRun.OfFileAsync(
            "/usr/bin/env",
            new Dictionary<string, string>(StringComparer.Ordinal) { ["FOLDER"] = _folder.FullName },
            ["openssl", "ca", "-gencrl", "-name", section, "-config", PathOf("settings"), "-cert", PathOf("ca.pem"), "-keyfile", PathOf("ca.key"), "-out", PathOf("list.pem"), .. extensions is null ? Array.Empty<string>() : ["-crlexts", extensions]]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        await File.WriteAllTextAsync(PathOf("number"), "1F\n");
        string pem = await File.ReadAllTextAsync(PathOf("list.pem"));
        return Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);
    }
}
