using System.Security.Cryptography;
using Fota.Interop.Cryptoki;

namespace Fota.Benchmarks.Signing;

/// <summary>What a program without a pool does that knows nothing of failures: one session for each thread, C_SignInit and C_Sign by the module's own addresses.</summary>
internal sealed unsafe class BareLoop(CryptokiLibrary library, Token token)
{
    private readonly CK_FUNCTION_LIST _functions = *library.Module.Functions;

    public void Run(int signatures)
    {
        nuint session;
        Demand(_functions.C_OpenSession((nuint)token.Description.SlotId, Pkcs11.CKF_SERIAL_SESSION | Pkcs11.CKF_RW_SESSION, null, null, &session));
        nuint key = FindKey(session);
        CK_MECHANISM mechanism = new() { Mechanism = Pkcs11.CKM_ECDSA };
        byte* digest = stackalloc byte[SHA256.HashSizeInBytes];
        byte* signature = stackalloc byte[64];
        for (int i = 0; i < signatures; i++)
        {
            nuint length = 64;
            Demand(_functions.C_SignInit(session, &mechanism, key));
            Demand(_functions.C_Sign(session, digest, SHA256.HashSizeInBytes, signature, &length));
        }

        Demand(_functions.C_CloseSession(session));
    }

    private nuint FindKey(nuint session)
    {
        nuint kind = Pkcs11.CKO_PRIVATE_KEY, found, count;
        CK_ATTRIBUTE wanted = new() { Type = Pkcs11.CKA_CLASS, Value = &kind, Length = (nuint)sizeof(nuint) };
        Demand(_functions.C_FindObjectsInit(session, &wanted, 1));
        Demand(_functions.C_FindObjects(session, &found, 1, &count));
        Demand(_functions.C_FindObjectsFinal(session));
        return count == 1 ? found : throw new ToolFailedException("wanted the token's one private key, got none");
    }

    private static void Demand(nuint result) => CryptokiException.ThrowIfFailed(result, "bare loop");
}
