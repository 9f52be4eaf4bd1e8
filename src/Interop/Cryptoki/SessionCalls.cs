namespace Fota.Interop.Cryptoki;

/// <summary>The calls a session takes, each under the name of its C function.</summary>
internal sealed unsafe partial class SessionHandle
{
    /// <summary>False when this process is logged in already, in which case the token has not looked at the PIN.</summary>
    public bool LogIn(nuint user, Pin pin)
    {
        using var call = new SessionCall(this, nameof(CK_FUNCTION_LIST.C_Login));
        fixed (byte* bytes = pin.Bytes)
        {
            nuint result = Functions->C_Login(Session, user, bytes, (nuint)pin.Bytes.Length);
            if (result == Pkcs11.CKR_USER_ALREADY_LOGGED_IN)
            {
                return false;
            }

            CryptokiException.ThrowIfFailed(result, nameof(CK_FUNCTION_LIST.C_Login));
            return true;
        }
    }

    public void LogOut()
    {
        using var call = new SessionCall(this, nameof(CK_FUNCTION_LIST.C_Logout));
        CryptokiException.ThrowIfFailed(Functions->C_Logout(Session), nameof(CK_FUNCTION_LIST.C_Logout));
    }

    /// <summary>Whether the session lives and its user is logged in, and what the module said to the question.</summary>
    public bool IsLoggedIn(out ReturnValue answer, out ulong slotId)
    {
        using var call = new SessionCall(this, nameof(CK_FUNCTION_LIST.C_GetSessionInfo));
        CK_SESSION_INFO info;
        answer = new ReturnValue(Functions->C_GetSessionInfo(Session, &info));
        slotId = info.SlotId;
        return answer.Recovery == Recovery.Success && info.State is Pkcs11.CKS_RO_USER_FUNCTIONS or Pkcs11.CKS_RW_USER_FUNCTIONS;
    }

    public void SetUserPin(Pin pin)
    {
        using var call = new SessionCall(this, nameof(CK_FUNCTION_LIST.C_InitPIN));
        fixed (byte* bytes = pin.Bytes)
        {
            CryptokiException.ThrowIfFailed(Functions->C_InitPIN(Session, bytes, (nuint)pin.Bytes.Length), nameof(CK_FUNCTION_LIST.C_InitPIN));
        }
    }

    public List<nuint> Find(AttributeTemplate template)
    {
        const int Batch = 32;
        using var call = new SessionCall(this, nameof(CK_FUNCTION_LIST.C_FindObjectsInit));
        CryptokiException.ThrowIfFailed(
            Functions->C_FindObjectsInit(Session, template.First, template.Count), nameof(CK_FUNCTION_LIST.C_FindObjectsInit));
        GC.KeepAlive(template);
        try
        {
            List<nuint> found = [];
            nuint* batch = stackalloc nuint[Batch];
            nuint count;
            do
            {
                CryptokiException.ThrowIfFailed(Functions->C_FindObjects(Session, batch, Batch, &count), nameof(CK_FUNCTION_LIST.C_FindObjects));
                found.AddRange(new ReadOnlySpan<nuint>(batch, (int)count));
            }
            while (count != 0);
            return found;
        }
        finally
        {
            // Its failure would hide the first one; a session whose search does not end is dropped with the exception above.
            Functions->C_FindObjectsFinal(Session);
        }
    }

    /// <summary>Finds private objects. A session that was logged out, or whose token is gone, does not say so: they just vanish from its searches.</summary>
    public List<nuint> FindPrivate(AttributeTemplate template)
    {
        // Asked on both sides of the search: another thread may be logging in again, and only a search within a login counts.
        _ = RequireLogin();
        List<nuint> found = Find(template);
        if (found.Count == 0)
        {
            RequireToken(RequireLogin());
        }

        return found;
    }

    public byte[] Read(nuint target, nuint attribute)
    {
        using var call = new SessionCall(this, nameof(CK_FUNCTION_LIST.C_GetAttributeValue));
        var request = new CK_ATTRIBUTE { Type = attribute };
        CryptokiException.ThrowIfFailed(Functions->C_GetAttributeValue(Session, target, &request, 1), nameof(CK_FUNCTION_LIST.C_GetAttributeValue));
        byte[] value = new byte[checked((int)request.Length)];
        fixed (byte* bytes = value)
        {
            request.Value = bytes;
            CryptokiException.ThrowIfFailed(
                Functions->C_GetAttributeValue(Session, target, &request, 1), nameof(CK_FUNCTION_LIST.C_GetAttributeValue));
        }

        return value;
    }

    public void GenerateKeyPair(nuint mechanism, AttributeTemplate publicKey, AttributeTemplate privateKey)
    {
        using var call = new SessionCall(this, nameof(CK_FUNCTION_LIST.C_GenerateKeyPair));
        var request = new CK_MECHANISM { Mechanism = mechanism };
        nuint publicHandle;
        nuint privateHandle;
        nuint result = Functions->C_GenerateKeyPair(
            Session, &request, publicKey.First, publicKey.Count, privateKey.First, privateKey.Count, &publicHandle, &privateHandle);
        GC.KeepAlive(publicKey);
        GC.KeepAlive(privateKey);
        CryptokiException.ThrowIfFailed(result, nameof(CK_FUNCTION_LIST.C_GenerateKeyPair));
    }

    /// <summary>The number of bytes of <paramref name="signature"/> that were written.</summary>
    public int Sign(nuint key, SigningMechanism mechanism, ReadOnlySpan<byte> content, Span<byte> signature)
    {
        using var call = new SessionCall(this, nameof(CK_FUNCTION_LIST.C_SignInit));
        CK_RSA_PKCS_PSS_PARAMS pss = mechanism.Pss ?? default;
        var request = new CK_MECHANISM { Mechanism = mechanism.Number };
        if (mechanism.Pss is not null)
        {
            request.Parameter = &pss;
            request.ParameterLength = (nuint)sizeof(CK_RSA_PKCS_PSS_PARAMS);
        }

        CryptokiException.ThrowIfFailed(Functions->C_SignInit(Session, &request, key), nameof(CK_FUNCTION_LIST.C_SignInit));
        nuint length = (nuint)signature.Length;

        // Cryptoki refuses a null pointer even for a message of no bytes.
        byte nothing = 0;
        fixed (byte* contentStart = content, signatureStart = signature)
        {
            byte* start = contentStart is null ? &nothing : contentStart;
            CryptokiException.ThrowIfFailed(
                Functions->C_Sign(Session, start, (nuint)content.Length, signatureStart, &length), nameof(CK_FUNCTION_LIST.C_Sign));
        }

        return (int)length;
    }

    public void FillRandom(Span<byte> destination)
    {
        using var call = new SessionCall(this, nameof(CK_FUNCTION_LIST.C_GenerateRandom));
        fixed (byte* start = destination)
        {
            CryptokiException.ThrowIfFailed(
                Functions->C_GenerateRandom(Session, start, (nuint)destination.Length), nameof(CK_FUNCTION_LIST.C_GenerateRandom));
        }
    }

    private ulong RequireLogin()
    {
        bool isLoggedIn = IsLoggedIn(out ReturnValue answer, out ulong slotId);
        CryptokiException.ThrowIfFailed((nuint)answer.Code, nameof(CK_FUNCTION_LIST.C_GetSessionInfo));
        return isLoggedIn
            ? slotId
            : throw new CryptokiException(nameof(CK_FUNCTION_LIST.C_FindObjects), new ReturnValue(Pkcs11.CKR_USER_NOT_LOGGED_IN));
    }

    private void RequireToken(ulong slotId)
    {
        using var call = new SessionCall(this, nameof(CK_FUNCTION_LIST.C_GetTokenInfo));
        CK_TOKEN_INFO info;
        CryptokiException.ThrowIfFailed(Functions->C_GetTokenInfo((nuint)slotId, &info), nameof(CK_FUNCTION_LIST.C_GetTokenInfo));
    }
}
