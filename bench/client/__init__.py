"""The load client: participants with real ICE and DTLS-SRTP, synthetic media, and packets counted at C speed."""
