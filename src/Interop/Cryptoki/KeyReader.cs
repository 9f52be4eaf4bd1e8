using System.Runtime.InteropServices;
using System.Text;

namespace Fota.Interop.Cryptoki;

/// <summary>Makes a <see cref="TokenKey"/> from a private key object and the public key object with the same id.</summary>
internal static class KeyReader
{
    public static TokenKey? TryRead(Token token, SessionHandle session, nuint privateKey, out string? problem)
    {
        nuint keyType = MemoryMarshal.Read<nuint>(session.Read(privateKey, Pkcs11.CKA_KEY_TYPE));
        if (keyType is not (Pkcs11.CKK_EC or Pkcs11.CKK_EC_EDWARDS))
        {
            problem = $"key type 0x{keyType:x} is not supported";
            return null;
        }

        // Tokens may leave curve and point off the private key, so they are taken from its public half.
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

        var scheme = KeyScheme.Find(keyType, session.Read(publicKeys[0], Pkcs11.CKA_EC_PARAMS));
        if (scheme?.Point(session.Read(publicKeys[0], Pkcs11.CKA_EC_POINT)) is not { } point)
        {
            problem = "its curve or the form of its public point is not supported";
            return null;
        }

        problem = null;
        return new TokenKey(token, scheme, point, id)
        {
            Label = Encoding.UTF8.GetString(session.Read(privateKey, Pkcs11.CKA_LABEL)),
            IsSensitive = IsTrue(session.Read(privateKey, Pkcs11.CKA_SENSITIVE)),
            IsNeverExtractable = IsTrue(session.Read(privateKey, Pkcs11.CKA_NEVER_EXTRACTABLE)),
        };
    }

    private static bool IsTrue(byte[] value) => value is [not 0];
}
