using System.Runtime.InteropServices;
using System.Text;

namespace Fota.Interop.Cryptoki;

/// <summary>Makes a <see cref="TokenKey"/> from a private key object and the public key object with the same id.</summary>
internal static class KeyReader
{
    public static TokenKey? TryRead(Token token, SessionHandle session, nuint privateKey, out string? problem)
    {
        nuint keyType = MemoryMarshal.Read<nuint>(session.Read(privateKey, Pkcs11.CKA_KEY_TYPE));
        if (!KeySchemes.Supports(keyType))
        {
            problem = $"key type 0x{keyType:x} is not supported";
            return null;
        }

        // Tokens may leave curve, point and modulus off the private key, so they are taken from its public half.
        byte[] id = session.Read(privateKey, Pkcs11.CKA_ID);
        List<nuint> publicKeys = session.Find(new AttributeTemplate(3)
            .Add(Pkcs11.CKA_CLASS, Pkcs11.CKO_PUBLIC_KEY)
            .Add(Pkcs11.CKA_KEY_TYPE, keyType)
            .Add(Pkcs11.CKA_ID, id));
        if (id.Length == 0 || publicKeys.Count != 1)
        {
            problem = $"wanted one public key with the same id, got {publicKeys.Count}";
            return null;
        }

        if (KeySchemes.Read(session, publicKeys[0], keyType) is not var (scheme, publicKey))
        {
            problem = "its curve or length, or the form of its public half, is not supported";
            return null;
        }

        problem = null;
        return new TokenKey(token, scheme, publicKey, id)
        {
            Label = Encoding.UTF8.GetString(session.Read(privateKey, Pkcs11.CKA_LABEL)),
            IsSensitive = IsTrue(session.Read(privateKey, Pkcs11.CKA_SENSITIVE)),
            IsNeverExtractable = IsTrue(session.Read(privateKey, Pkcs11.CKA_NEVER_EXTRACTABLE)),
        };
    }

    private static bool IsTrue(byte[] value) => value is [not 0];
}
