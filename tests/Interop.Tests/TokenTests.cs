using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Interop.Cryptoki;
using Fota.Interop.OpenSsl;
using Fota.TestKit;

namespace Fota.Interop.Tests;

[TestFixture]
public sealed class TokenTests
{
    // CKA_PRIVATE_EXPONENT
    private const nuint PrivateExponent = 0x123;

    private TestToken _made = null!;
    private Token _token = null!;

    [OneTimeSetUp]
    public void OpenToken()
    {
        _made = SoftHsm.Shared.CreateToken("keys");
        _token = _made.Open();
    }

    [OneTimeTearDown]
    public void CloseToken()
    {
        _token.Dispose();
        _made.Pin.Dispose();
    }

    [Test]
    public void P256_signature_verifies_with_the_public_key_that_the_token_gives()
    {
        TokenKey key = _token.GenerateKey(KeyAlgorithm.EcdsaP256, "p256");
        byte[] signature = key.Sign("message"u8);
        using ECDsa verifier = PublicKeyOf(key);
        Assert.That(signature, Has.Length.EqualTo(64));
        Assert.That(verifier.VerifyData("message"u8, signature, HashAlgorithmName.SHA256), Is.True);
        Assert.That(verifier.VerifyHash(SHA256.HashData("message"u8), key.SignHash(SHA256.HashData("message"u8))), Is.True);
        Assert.That(verifier.ExportSubjectPublicKeyInfo(), Is.EqualTo(key.SubjectPublicKeyInfo.ToArray()));
    }

    [Test]
    public void P384_signature_verifies_with_the_public_key_that_the_token_gives()
    {
        TokenKey key = _token.GenerateKey(KeyAlgorithm.EcdsaP384, "p384");
        using ECDsa verifier = PublicKeyOf(key);
        using ECDsa signer = key.AsECDsa();
        Assert.That(key.Sign("message"u8), Has.Length.EqualTo(96));
        Assert.That(verifier.VerifyData("message"u8, key.Sign("message"u8), HashAlgorithmName.SHA384), Is.True);
        Assert.That(verifier.VerifyData("message"u8, signer.SignData("message"u8, HashAlgorithmName.SHA512), HashAlgorithmName.SHA512), Is.True);
        Assert.That(() => key.SignHash(new byte[32]), Throws.ArgumentException, "a digest of SHA-256");
        Assert.That(verifier.ExportSubjectPublicKeyInfo(), Is.EqualTo(key.SubjectPublicKeyInfo.ToArray()));
    }

    [TestCase(KeyAlgorithm.RsaPss3072, 3072)]
    [TestCase(KeyAlgorithm.RsaPss4096, 4096)]
    public void Rsa_pss_signature_verifies_with_the_public_key_that_the_token_gives(KeyAlgorithm algorithm, int bits)
    {
        TokenKey made = _token.GenerateKey(algorithm, $"rsa {bits}");
        TokenKey key = _token.FindKey($"rsa {bits}");
        using var verifier = RSA.Create();
        verifier.ImportSubjectPublicKeyInfo(key.SubjectPublicKeyInfo.Span, out int read);
        Assert.That((read, verifier.KeySize, key.Algorithm), Is.EqualTo((key.SubjectPublicKeyInfo.Length, bits, algorithm)));
        Assert.That(verifier.ExportSubjectPublicKeyInfo(), Is.EqualTo(made.SubjectPublicKeyInfo.ToArray()));
        Assert.That(key.Sign("message"u8), Has.Length.EqualTo(bits / 8));
        Assert.That(verifier.VerifyData("message"u8, key.Sign("message"u8), HashAlgorithmName.SHA256, RSASignaturePadding.Pss), Is.True);
        Assert.That(verifier.VerifyHash(SHA256.HashData("message"u8), key.SignHash(SHA256.HashData("message"u8)), HashAlgorithmName.SHA256, RSASignaturePadding.Pss), Is.True);
        Assert.That((key.IsSensitive, key.IsNeverExtractable), Is.EqualTo((true, true)));
        Assert.That(key.AsECDsa, Throws.InvalidOperationException);
    }

    [TestCase("")]
    [TestCase("message")]
    public void Ed25519_signature_verifies_with_the_public_key_that_the_token_gives(string message)
    {
        TokenKey key = _token.GenerateKey(KeyAlgorithm.Ed25519, "ed25519" + message);
        byte[] signature = key.Sign(Encoding.UTF8.GetBytes(message));

        // RFC 8410 section 4: the prefix of every Ed25519 SubjectPublicKeyInfo.
        Assert.That(Convert.ToHexStringLower(key.SubjectPublicKeyInfo.Span[..12]), Is.EqualTo("302a300506032b6570032100"));
        Assert.That(Ed25519.Verify(key.SubjectPublicKeyInfo.Span[12..], Encoding.UTF8.GetBytes(message), signature), Is.True);
    }

    [Test]
    public void Generated_key_is_found_by_its_label_with_the_same_public_key_and_id()
    {
        TokenKey made = _token.GenerateKey(KeyAlgorithm.EcdsaP256, "found again");
        TokenKey found = _token.FindKey("found again");
        Assert.That(found.SubjectPublicKeyInfo.ToArray(), Is.EqualTo(made.SubjectPublicKeyInfo.ToArray()));
        Assert.That(found.Id.ToArray(), Is.EqualTo(made.Id.ToArray()));
        Assert.That((found.Label, found.Algorithm, found.Id.Length), Is.EqualTo(("found again", KeyAlgorithm.EcdsaP256, 20)));
    }

    [Test]
    public void All_keys_are_listed()
    {
        TestToken made = SoftHsm.Shared.CreateToken("list");
        using Token token = made.Open();
        token.GenerateKey(KeyAlgorithm.EcdsaP256, "one");
        token.GenerateKey(KeyAlgorithm.Ed25519, "two");
        Assert.That(
            token.FindKeys().Select(key => (key.Label, key.Algorithm)),
            Is.EquivalentTo(new[] { ("one", KeyAlgorithm.EcdsaP256), ("two", KeyAlgorithm.Ed25519) }));
        Assert.That(token.CountPrivateKeys(), Is.EqualTo(2));
    }

    [Test]
    public void Label_that_exists_is_refused()
    {
        _token.GenerateKey(KeyAlgorithm.EcdsaP256, "twice");
        Assert.That(
            () => _token.GenerateKey(KeyAlgorithm.Ed25519, "twice"),
            Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.KeyExists));
    }

    [Test]
    public void Missing_key_is_refused() => Assert.That(
        () => _token.FindKey("absent"),
        Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.KeyNotFound));

    [Test]
    public void Two_keys_with_one_label_are_ambiguous()
    {
        using var module = FaultyModule.Load();
        using Token token = Token.Open(module.Library, _made.Label, _made.Pin);
        token.GenerateKey(KeyAlgorithm.EcdsaP256, "ambiguous");

        // Blind to what is there, as a second process would be that looked a moment earlier.
        FaultyModule.HideObjectsFromNextSearch();
        Assert.That(
            () => token.GenerateKey(KeyAlgorithm.EcdsaP256, "ambiguous"),
            Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.KeyAmbiguous));
    }

    [TestCase(KeyAlgorithm.EcdsaP256)]
    [TestCase(KeyAlgorithm.EcdsaP384)]
    [TestCase(KeyAlgorithm.Ed25519)]
    [TestCase(KeyAlgorithm.RsaPss3072)]
    public void P7_Keys_are_sensitive_and_never_extractable(KeyAlgorithm algorithm)
    {
        TokenKey key = _token.GenerateKey(algorithm, $"sensitive {algorithm}");
        Assert.That((key.IsSensitive, key.IsNeverExtractable), Is.EqualTo((true, true)));
        nuint secret = algorithm == KeyAlgorithm.RsaPss3072 ? PrivateExponent : Pkcs11.CKA_VALUE;
        CryptokiException? refusal = Assert.Throws<CryptokiException>(() => key.ReadPrivateAttribute(secret));
        Assert.That(refusal!.Message, Is.EqualTo("C_GetAttributeValue: CKR_ATTRIBUTE_SENSITIVE"));
    }

    [Test]
    public void P7_Private_parameters_are_not_exported()
    {
        using ECDsa key = _token.GenerateKey(KeyAlgorithm.EcdsaP256, "not exported").AsECDsa();
        Assert.That(() => key.ExportParameters(includePrivateParameters: true), Throws.InstanceOf<CryptographicException>());
        Assert.That(() => key.ExportExplicitParameters(includePrivateParameters: true), Throws.InstanceOf<CryptographicException>());
        Assert.That(key.ExportPkcs8PrivateKey, Throws.InstanceOf<CryptographicException>());
        Assert.That(key.ExportECPrivateKey, Throws.InstanceOf<CryptographicException>());
        Assert.That(key.ExportExplicitParameters(includePrivateParameters: false).D, Is.Null);
    }

    [Test]
    public void Certificate_request_signed_by_a_token_key_verifies()
    {
        using ECDsa key = _token.GenerateKey(KeyAlgorithm.EcdsaP256, "request").AsECDsa();
        byte[] request = new CertificateRequest("CN=device", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        var loaded = CertificateRequest.LoadSigningRequest(request, HashAlgorithmName.SHA256);
        Assert.That(loaded.PublicKey.ExportSubjectPublicKeyInfo(), Is.EqualTo(key.ExportSubjectPublicKeyInfo()));
    }

    [TestCase("SHA256")]
    [TestCase("SHA384")]
    [TestCase("SHA512")]
    public void Digest_longer_than_the_curve_is_truncated_as_ecdsa_demands(string hash)
    {
        using ECDsa key = _token.GenerateKey(KeyAlgorithm.EcdsaP256, "digest " + hash).AsECDsa();
        byte[] signature = key.SignData("message"u8, new HashAlgorithmName(hash), DSASignatureFormat.Rfc3279DerSequence);
        using var verifier = ECDsa.Create(key.ExportParameters(includePrivateParameters: false));
        Assert.That(
            verifier.VerifyData("message"u8, signature, new HashAlgorithmName(hash), DSASignatureFormat.Rfc3279DerSequence), Is.True);
    }

    [Test]
    public void Digest_of_another_length_is_refused()
    {
        TokenKey key = _token.GenerateKey(KeyAlgorithm.EcdsaP256, "digest length");
        using ECDsa ecdsa = key.AsECDsa();
        Assert.That(() => key.SignHash(new byte[31]), Throws.ArgumentException);
        Assert.That(() => key.SignHash(new byte[33]), Throws.ArgumentException);
        Assert.That(() => ecdsa.SignHash(new byte[20]), Throws.TypeOf<CryptographicException>());
    }

    [Test]
    public void Ed25519_key_signs_no_digest_and_is_no_ecdsa()
    {
        TokenKey key = _token.GenerateKey(KeyAlgorithm.Ed25519, "no digest");
        Assert.That(() => key.SignHash(new byte[32]), Throws.InvalidOperationException);
        Assert.That(key.AsECDsa, Throws.InvalidOperationException);
    }

    [Test]
    public void Random_bytes_come_from_the_token()
    {
        byte[] first = new byte[32];
        byte[] second = new byte[32];
        _token.FillRandom(first);
        _token.FillRandom(second);
        Assert.That(first, Is.Not.EqualTo(second).And.Not.EqualTo(new byte[32]));
    }

    [Test]
    public void Four_threads_sign_at_once()
    {
        TokenKey p256 = _token.GenerateKey(KeyAlgorithm.EcdsaP256, "threads p256");
        TokenKey ed25519 = _token.GenerateKey(KeyAlgorithm.Ed25519, "threads ed25519");
        using ECDsa verifier = PublicKeyOf(p256);
        ConcurrentBag<int> wrong = [];
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(thread => new Thread(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                byte[] message = [(byte)thread, (byte)i];
                bool isGood = verifier.VerifyData(message, p256.Sign(message), HashAlgorithmName.SHA256)
                    && Ed25519.Verify(ed25519.SubjectPublicKeyInfo.Span[12..], message, ed25519.Sign(message));
                if (!isGood)
                {
                    wrong.Add(i);
                }
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void Four_threads_that_generate_one_label_make_one_key()
    {
        int refused = 0;
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            try
            {
                _token.GenerateKey(KeyAlgorithm.EcdsaP256, "raced");
            }
            catch (CryptokiRefusalException e) when (e.Reason == CryptokiRefusal.KeyExists)
            {
                Interlocked.Increment(ref refused);
            }
        });
        Assert.That(refused, Is.EqualTo(3));
        Assert.That(_token.FindKey("raced").Label, Is.EqualTo("raced"));
    }

    [Test]
    public void Use_after_dispose_is_refused()
    {
        TestToken made = SoftHsm.Shared.CreateToken("disposed");
        Token token = made.Open();
        TokenKey key = token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        token.Dispose();
        Assert.That(() => key.Sign("message"u8), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Second_token_object_stays_open_when_the_first_is_disposed_of()
    {
        TestToken made = SoftHsm.Shared.CreateToken("shared login");
        Token first = made.Open();
        using Token second = made.Open();
        TokenKey key = second.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        first.Dispose();
        Assert.That(key.Sign("message"u8), Has.Length.EqualTo(64));
    }

    private static ECDsa PublicKeyOf(TokenKey key)
    {
        var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(key.SubjectPublicKeyInfo.Span, out _);
        return ecdsa;
    }
}
