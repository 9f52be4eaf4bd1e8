using System.Globalization;
using System.Numerics;
using Fota.Manifest.Keys;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Evidence;

/// <summary>Of the two ECDSA signatures that are as good as each other, one is taken.</summary>
public sealed class LowSTests
{
    // FIPS 186-4, D.1.2.3 and D.1.2.4, where they stand in decimal.
    public static readonly BigInteger OrderP256 = BigInteger.Parse("115792089210356248762697446949407573529996955224135760342422259061068512044369", CultureInfo.InvariantCulture);

    private static readonly BigInteger s_orderP384 = BigInteger.Parse("39402006196394479212279040100143613805079739270465446667946905279627659399113263569398956308152294913554433653942643", CultureInfo.InvariantCulture);

    [TestCase(false)]
    [TestCase(true)]
    [Proves("E-4")]
    public void Signature_and_its_other_half_have_one_form_which_verifies(bool isP384)
    {
        SoftwareKey key = isP384 ? SoftwareKey.EcdsaP384() : SoftwareKey.EcdsaP256();
        BigInteger order = isP384 ? s_orderP384 : OrderP256;
        for (int round = 0; round < 16; round++)
        {
            byte[] message = [(byte)round], signature = key.Sign(message);
            int half = signature.Length / 2;
            byte[] other = [.. signature[..half], .. Minus(order, signature[half..])], form = EcdsaSignatureFormat.Lowered(signature);
            Assert.That(key.PublicKey.IsSignatureOver(message, other) && key.PublicKey.IsSignatureOver(message, form), Is.True);
            Assert.That(EcdsaSignatureFormat.Lowered(other), Is.EqualTo(form));
            Assert.That(new BigInteger(form.AsSpan(half), isUnsigned: true, isBigEndian: true), Is.LessThan(order / 2));
        }
    }

    /// <summary>n - s, as long as s.</summary>
    public static byte[] Minus(BigInteger order, byte[] s)
    {
        byte[] other = (order - new BigInteger(s, isUnsigned: true, isBigEndian: true)).ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[s.Length - other.Length], .. other];
    }
}
